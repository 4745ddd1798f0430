/** Why the broker ends a connection. 40xx: come back, and go on from the last position; 41xx: the same again would end the same. */

export const closeCodes = {
  /** The broker stops; another will answer soon. */
  stopping: 4000,
  /** More waited for this consumer than it may. */
  tooSlow: 4008,
  /** The broker could not go on; what happened is in its log. */
  fault: 4011,
  /** Frame after frame could not be understood. */
  faultyFrames: 4100,
} as const;

export type CloseReason = keyof typeof closeCodes;

export const closeTexts: Readonly<Record<CloseReason, string>> = {
  stopping: 'The broker stops. Come back.',
  tooSlow: 'Too much waits for you. Come back, and go on from the last position you have.',
  fault: 'The broker failed. Come back, and go on from the last position you have.',
  faultyFrames: 'Too many faulty frames.',
};
