/**
 * Defines the WebSocket close codes of the broker. 40xx: reconnect, and resume from the last position. 41xx: do not reconnect
 * with the same behaviour, because it would fail again.
 */

export const closeCodes = {
  /** The broker stops; another instance will be available soon. */
  stopping: 4000,
  /** The backlog of this consumer exceeded its limit. */
  tooSlow: 4008,
  /** The rights of the client have changed. It comes back with the rights that it has now. */
  rightsChanged: 4009,
  /** The credentials of the client have expired. It comes back with new ones. */
  credentialsExpired: 4010,
  /** An internal error; its cause is in the log of the broker. */
  fault: 4011,
  /** Too many consecutive invalid frames. */
  faultyFrames: 4100,
} as const;

export type CloseReason = keyof typeof closeCodes;

export const closeTexts: Readonly<Record<CloseReason, string>> = {
  stopping: 'The broker stops. Come back.',
  tooSlow: 'Too much waits for you. Come back, and go on from the last position you have.',
  rightsChanged: 'Your rights have changed. Come back, and go on from the last position you have.',
  credentialsExpired: 'Your credentials have expired. Come back with new ones.',
  fault: 'The broker failed. Come back, and go on from the last position you have.',
  faultyFrames: 'Too many faulty frames.',
};
