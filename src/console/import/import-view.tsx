/** Leads through an import: a source, what its columns become, a preview with reasons, the import itself, and the rejected rows. */
import { useSignal } from '@preact/signals';
import { isPublicFace } from '../data/session.ts';
import { guessMapping } from './guess.ts';
import type { Mapping } from './mapping.ts';
import { MappingStep } from './mapping-step.tsx';
import { PreviewStep } from './preview-step.tsx';
import { SourceStep } from './source-step.tsx';
import type { SourceTable } from './table.ts';

/** What is being imported. */
interface Begun {
  readonly table: SourceTable;
  readonly mapping: Mapping;
}

export function ImportView() {
  const begun = useSignal<Begun | undefined>(undefined);
  if (isPublicFace) return null;
  const current = begun.value;
  return (
    <>
      <SourceStep
        isGuessed={current?.table.delimiter}
        onTable={(table, name) => (begun.value = { table, mapping: guessMapping(table, name) })}
      />
      {current && (
        <>
          <MappingStep {...current} onChange={(mapping) => (begun.value = { ...current, mapping })} />
          <PreviewStep {...current} />
        </>
      )}
    </>
  );
}
