/** Estimates the memory that values made from JSON take. */

/** Bytes of an object, list, name or number: an estimate of what V8 needs. */
const cellBytes = 16;

/** About the bytes that a value made from JSON takes. The time is linear in the number of its members. */
export function memorySize(value: unknown): number {
  if (typeof value === 'string') return cellBytes + value.length;
  if (typeof value !== 'object' || value === null) return cellBytes;
  let bytes = cellBytes;
  for (const member of Array.isArray(value) ? value : Object.values(value)) bytes += cellBytes + memorySize(member);
  return bytes;
}
