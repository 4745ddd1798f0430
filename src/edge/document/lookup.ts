/** Resolves host names and returns only public addresses, so that no name leads into a private network. */
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from '../address.ts';

/** A `lookup` for node:net. Fails when the name has no public address. Non-public addresses are omitted. */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const allowed = error === null ? addresses.filter(({ address }) => isPublicAddress(address)) : [];
    const [first] = allowed;
    if (first === undefined) callback(error ?? new Error(`${hostname} has no public address`), []);
    else if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};
