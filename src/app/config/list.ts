/** Reads lists in values of options. */

/** The parts of a text between commas, without blanks around them. Empty parts are left out. */
export const listIn = (text: string): readonly string[] => text.split(',').flatMap((part) => part.trim() || []);
