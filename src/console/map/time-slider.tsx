/** Moves the map through time: a slider over the last day, week or month, which can play by itself. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { chosenSpan, chosenTime, isPastLoading, pastProblem } from '../data/past.ts';
import { addressWith, setFilter } from '../data/selection.ts';
import { formatMinute, formatTime } from '../data/times.ts';
import { boundsOf, type Span, spans } from '../data/track.ts';
import { Icon } from '../view/icon.tsx';
import { Choice } from '../view/parts.tsx';
import { say } from '../words/words.ts';

/** Goes to a time without a step back in the history of the browser for each. */
const goToTime = (at: number): void => location.replace(addressWith('at', new Date(at).toISOString()));

export function TimeSlider() {
  if (chosenTime.value === undefined)
    return (
      <button
        type="button"
        class="quiet past-opener"
        onClick={() => goToTime(boundsOf(chosenSpan.value, Date.now()).to)}
      >
        <Icon name="clock" /> {say('past')}
      </button>
    );
  return <Slider at={chosenTime.value} />;
}

/** How long each step is shown while the slider plays, in milliseconds. */
const playStepMs = 600;

function Slider({ at }: { readonly at: number }) {
  const { from, to, step } = boundsOf(chosenSpan.value, Date.now());
  const isPlaying = useSignal(false);
  useEffect(() => {
    if (!isPlaying.value || isPastLoading.value) return undefined;
    const timer = setTimeout(() => {
      if (at + step > to) isPlaying.value = false;
      else goToTime(at + step);
    }, playStepMs);
    return () => clearTimeout(timer);
  }, [isPlaying.value, isPastLoading.value, at]);
  const play = (): void => {
    if (!isPlaying.value && at + step > to) goToTime(from);
    isPlaying.value = !isPlaying.value;
  };
  return (
    <div class="past" role="group" aria-label={say('past')}>
      <button type="button" class="quiet" onClick={play} aria-pressed={isPlaying.value}>
        {say(isPlaying.value ? 'pause' : 'play')}
      </button>
      <input
        type="range"
        aria-label={say('past')}
        aria-valuetext={formatTime(at)}
        min={from}
        max={to}
        step={step}
        value={at}
        onInput={({ currentTarget }) => goToTime(Number(currentTarget.value))}
      />
      <output>{pastProblem.value || (isPastLoading.value ? say('loading') : formatMinute(at))}</output>
      <SpanChoice />
      <button type="button" class="quiet" onClick={() => setFilter('at', '')}>
        {say('toNow')}
      </button>
    </div>
  );
}

const SpanChoice = () => (
  <Choice
    label={say('range')}
    value={chosenSpan.value}
    options={spanNames.map((name) => [name, say(`span.${name}`)] as const)}
    onChoose={(name) => setFilter('span', name)}
  />
);

const spanNames = Object.keys(spans).filter((name): name is Span => name in spans);
