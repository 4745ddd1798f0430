/** Licences as CKAN names them. */
import type { JsonObject } from '../../../core/model/json.ts';
import { licenceOf, tableOf } from '../vocabulary.ts';

interface Licence {
  readonly id: string;
  readonly title: string;
  /** Null: unknown. */
  readonly url: string | null;
  readonly isOpen: boolean;
}

/** By the last part of their IRIs in the table of the European Union. */
const known: Readonly<Record<string, Licence>> = {
  CC_BY_4_0: {
    id: 'cc-by',
    title: 'Creative Commons Attribution 4.0',
    url: 'https://creativecommons.org/licenses/by/4.0/',
    isOpen: true,
  },
  CC_BYSA_4_0: {
    id: 'cc-by-sa',
    title: 'Creative Commons Attribution Share-Alike 4.0',
    url: 'https://creativecommons.org/licenses/by-sa/4.0/',
    isOpen: true,
  },
  CC0: {
    id: 'cc-zero',
    title: 'Creative Commons CCZero',
    url: 'https://creativecommons.org/publicdomain/zero/1.0/',
    isOpen: true,
  },
  ODC_BY: {
    id: 'odc-by',
    title: 'Open Data Commons Attribution',
    url: 'https://opendatacommons.org/licenses/by/1-0/',
    isOpen: true,
  },
};

/** The licence with this text in an entity: one of the table, or another one. */
export function licenceDocument(text: string | undefined): Licence {
  if (text === undefined) return { id: 'notspecified', title: 'License not specified', url: null, isOpen: false };
  const code = licenceOf(text)?.slice(tableOf('licence').length) ?? '';
  if (Object.hasOwn(known, code) && known[code]) return known[code];
  return { id: 'other-closed', title: text, url: /^https?:/.test(text) ? text : null, isOpen: false };
}

/** The licences of the table, as `license_list` answers them. */
export const licenceList: readonly JsonObject[] = Object.values(known).map(({ id, title, url, isOpen }) => ({
  id,
  title,
  url,
  status: 'active',
  is_okd_compliant: isOpen,
  od_conformance: 'approved',
}));
