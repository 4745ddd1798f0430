/** The words of this part: Slovenian, then English. */
export const operateWords = {} as const;
