/** Makes texts of others safe to print. */
import { stripVTControlCharacters } from 'node:util';

/** What others wrote may hold control characters, which would change the terminal. */
export const printable = (text: string): string => stripVTControlCharacters(text).replace(/\p{Cc}/gu, ' ');
