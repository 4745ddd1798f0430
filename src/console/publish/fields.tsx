/** Shows the fields of a dataset, each with what is wrong with it. */
import type { ComponentChildren } from 'preact';
import { say, type Word } from '../words/words.ts';
import type { Draft, Field, Finding } from './draft.ts';

interface FormProps {
  readonly draft: Draft;
  readonly findings: readonly Finding[];
  readonly onChange: (field: Field, text: string) => void;
}

/** What is wrong, in words for people. The broker's own sentence where there is no shorter one. */
export function textOfFinding({ rule, message, isFault }: Finding): string {
  if (rule === 'missing') return say(isFault ? 'finding.missing' : 'finding.wanted');
  return rule === 'taken' || rule === 'heldBack' ? say(`finding.${rule}`) : message;
}

interface FrameProps extends Pick<FormProps, 'findings'> {
  readonly field: Field;
  readonly children: (problem: {
    readonly 'aria-invalid': boolean;
    readonly 'aria-describedby': string;
  }) => ComponentChildren;
}

/** A language is a part of its attribute: what is wrong stands at the first one. */
function Frame({ field, findings, children }: FrameProps) {
  const term = field.replace(/\.sl$/, '');
  const finding = findings.find((one) => one.term === term);
  const id = `about-${field}`;
  return (
    <label class="choice">
      <span>{say(`field.${field}`)}</span>
      {children({ 'aria-invalid': finding?.isFault === true, 'aria-describedby': finding ? id : '' })}
      {finding && (
        <small id={id} class={finding.isFault ? 'failure' : 'faint'}>
          {textOfFinding(finding)}
        </small>
      )}
    </label>
  );
}

interface TextFieldProps extends FormProps {
  readonly field: Field;
  /** The id of a list of suggestions. */
  readonly list?: string;
  readonly isLong?: boolean;
}

export const TextField = ({ field, draft, findings, onChange, list, isLong = false }: TextFieldProps) => (
  <Frame field={field} findings={findings}>
    {(problem) => {
      const value = draft.texts[field] ?? '';
      const lang = /\.(sl|en)$/.exec(field)?.[1];
      const common = { ...problem, value, ...(lang === undefined ? {} : { lang }) };
      return isLong ? (
        <textarea rows={3} {...common} onInput={({ currentTarget }) => onChange(field, currentTarget.value)} />
      ) : (
        <input
          type="text"
          {...common}
          {...(list === undefined ? {} : { list })}
          onInput={({ currentTarget }) => onChange(field, currentTarget.value)}
        />
      );
    }}
  </Frame>
);

type Options = readonly (readonly [value: string, text: string])[];

interface ChoiceFieldProps extends FormProps {
  readonly field: Field;
  readonly options: Options;
}

/** A value that is none of the options is one more of them. */
export const ChoiceField = ({ field, draft, findings, onChange, options }: ChoiceFieldProps) => {
  const value = draft.texts[field] ?? '';
  const isOther = value !== '' && !options.some(([known]) => known === value);
  return (
    <Frame field={field} findings={findings}>
      {(problem) => (
        <select {...problem} value={value} onChange={({ currentTarget }) => onChange(field, currentTarget.value)}>
          {[['', `– ${say('choose')} –`] as const, ...options, ...(isOther ? [[value, value] as const] : [])].map(
            ([option, text]) => (
              <option key={option} value={option} selected={option === value}>
                {text}
              </option>
            ),
          )}
        </select>
      )}
    </Frame>
  );
};

const optionsOf = <T extends string>(names: readonly T[], wordOf: (name: T) => Word): Options =>
  names.map((name) => [name, say(wordOf(name))] as const);

export const accessOptions = (): Options =>
  optionsOf(['PUBLIC', 'RESTRICTED', 'NON_PUBLIC'] as const, (name) => `access.${name}`);

export const personalOptions = (): Options =>
  optionsOf(['none', 'pseudonymous', 'personal', 'special'] as const, (name) => `personal.${name}`);

const frequencies = [
  ...(['UPDATE_CONT', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY'] as const),
  ...(['QUARTERLY', 'ANNUAL', 'IRREG', 'NEVER'] as const),
];
export const frequencyOptions = (): Options => optionsOf(frequencies, (name) => `frequency.${name}`);

const themes = [
  ...(['AGRI', 'ECON', 'EDUC', 'ENER', 'ENVI', 'GOVE'] as const),
  ...(['HEAL', 'JUST', 'REGI', 'SOCI', 'TECH', 'TRAN'] as const),
];
export const themeOptions = (): Options => optionsOf(themes, (name) => `theme.${name}`);

export const licenceOptions: Options = [
  ['https://creativecommons.org/licenses/by/4.0/', 'CC BY 4.0'],
  ['https://creativecommons.org/licenses/by-sa/4.0/', 'CC BY-SA 4.0'],
  ['https://creativecommons.org/publicdomain/zero/1.0/', 'CC0 1.0'],
  ['https://opendatacommons.org/licenses/by/1-0/', 'ODC-By 1.0'],
];
