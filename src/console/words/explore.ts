/** The words of this part: Slovenian, then English. */
export const exploreWords = {} as const;
