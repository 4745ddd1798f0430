/** The words of this part: Slovenian, then English. */
export const dashboardWords = {} as const;
