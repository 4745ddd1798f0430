/** Reads the option that names the trusted proxies. */
import { type TrustedProxies, trustProxies } from '../edge/trusted-proxies.ts';

const networksIn = (list: string): readonly string[] =>
  list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

export const readTrustedProxies = ({ trustedProxies }: { readonly trustedProxies: string }): TrustedProxies =>
  trustProxies(networksIn(trustedProxies));

export function isNetworkList(list: string): boolean {
  try {
    trustProxies(networksIn(list));
    return true;
  } catch {
    return false;
  }
}
