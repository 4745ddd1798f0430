/** Reads the option that names the trusted proxies. */
import { type TrustedProxies, trustProxies } from '../edge/trusted-proxies.ts';
import { listIn } from './config/list.ts';

/** The trusted proxies of the option. Throws an Error when one of them is no address or network. */
export const readTrustedProxies = ({ trustedProxies }: { readonly trustedProxies: string }): TrustedProxies =>
  trustProxies(listIn(trustedProxies));

/** True when the text is a list of IP addresses and networks, separated by commas. */
export function isNetworkList(list: string): boolean {
  try {
    trustProxies(listIn(list));
    return true;
  } catch {
    return false;
  }
}
