/** Leads through an import: a source, what its columns become, a preview with reasons, the import itself, and the rejected rows. */
import { importProgress } from '../data/import-progress.ts';
import { isPublicFace } from '../data/session.ts';
import { guessMapping } from './guess.ts';
import { MappingStep } from './mapping-step.tsx';
import { PreviewStep } from './preview-step.tsx';
import { SourceStep } from './source-step.tsx';
import { begun, running } from './state.ts';
import type { SourceTable } from './table.ts';

/** Another file ends the import before it. */
function begin(table: SourceTable, name: string): void {
  running.value?.stopping?.abort();
  running.value = undefined;
  importProgress.value = undefined;
  begun.value = { table, mapping: guessMapping(table, name) };
}

export function ImportView() {
  if (isPublicFace) return null;
  const current = begun.value;
  return (
    <>
      <SourceStep isGuessed={current?.table.delimiter} onTable={begin} />
      {current && (
        <>
          <MappingStep {...current} onChange={(mapping) => (begun.value = { ...current, mapping })} />
          <PreviewStep {...current} />
        </>
      )}
    </>
  );
}
