/** Edits the conditions of a request: attribute, comparison, value. */
import { shortName } from '../data/names.ts';
import { Choice } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { type Built, type Condition, operators } from './request.ts';

interface ConditionsProps {
  readonly built: Built;
  readonly attributes: readonly string[];
  readonly onChange: (part: Partial<Built>) => void;
}

export function Conditions({ built: { conditions }, attributes, onChange }: ConditionsProps) {
  const replace = (at: number, part: Partial<Condition>): void =>
    onChange({ conditions: conditions.map((condition, n) => (n === at ? { ...condition, ...part } : condition)) });
  const remove = (at: number): void => onChange({ conditions: conditions.filter((_, n) => n !== at) });
  const add = (): void =>
    onChange({ conditions: [...conditions, { attribute: attributes[0] ?? '', operator: '==', value: '' }] });
  return (
    <fieldset>
      <legend>{say('conditions')}</legend>
      {conditions.map((condition, at) => (
        <ConditionRow
          key={at}
          condition={condition}
          attributes={attributes}
          onChange={(part) => replace(at, part)}
          onRemove={() => remove(at)}
        />
      ))}
      <button type="button" class="quiet" onClick={add}>
        {say('addCondition')}
      </button>
    </fieldset>
  );
}

interface RowProps {
  readonly condition: Condition;
  readonly attributes: readonly string[];
  readonly onChange: (part: Partial<Condition>) => void;
  readonly onRemove: () => void;
}

const ConditionRow = ({ condition, attributes, onChange, onRemove }: RowProps) => (
  <div class="bar">
    <Choice
      label={say('attribute')}
      value={condition.attribute}
      options={attributes.map((name) => [name, shortName(name)] as const)}
      onChoose={(attribute) => onChange({ attribute })}
    />
    <Choice
      label={say('comparison')}
      value={condition.operator}
      options={operators.map((operator) => [operator, operator] as const)}
      onChoose={(operator) => onChange({ operator })}
    />
    <label class="choice">
      <span>{say('value')}</span>
      <input value={condition.value} onInput={({ currentTarget }) => onChange({ value: currentTarget.value })} />
    </label>
    <button type="button" class="quiet" onClick={onRemove}>
      {say('removeCondition')}
    </button>
  </div>
);
