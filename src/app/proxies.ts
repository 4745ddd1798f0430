/** Reads the option that names the trusted proxies. */
import { type TrustedProxies, trustProxies } from '../edge/trusted-proxies.ts';

const networksIn = (list: string): readonly string[] =>
  list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** The trusted proxies of the option. Throws an Error when one of them is no address or network. */
export const readTrustedProxies = ({ trustedProxies }: { readonly trustedProxies: string }): TrustedProxies =>
  trustProxies(networksIn(trustedProxies));

/** True when the text is a list of IP addresses and networks, separated by commas. */
export function isNetworkList(list: string): boolean {
  try {
    trustProxies(networksIn(list));
    return true;
  } catch {
    return false;
  }
}
