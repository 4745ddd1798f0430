/** The @context of W3C Verifiable Credential Data Integrity 1.0, which the core context refers to for its term `ngsildproof`. */
import type { JsonObject } from '../../model/json.ts';

/** The URL where it is published. */
export const dataIntegrityUrl = 'https://w3id.org/security/data-integrity/v2';

const reference = { '@type': '@id', '@container': '@set' };
const dateTime = 'http://www.w3.org/2001/XMLSchema#dateTime';

const proofPurposes: JsonObject = {
  '@protected': true,
  id: '@id',
  type: '@type',
  assertionMethod: { '@id': 'https://w3id.org/security#assertionMethod', ...reference },
  authentication: { '@id': 'https://w3id.org/security#authenticationMethod', ...reference },
  capabilityDelegation: { '@id': 'https://w3id.org/security#capabilityDelegationMethod', ...reference },
  capabilityInvocation: { '@id': 'https://w3id.org/security#capabilityInvocationMethod', ...reference },
  keyAgreement: { '@id': 'https://w3id.org/security#keyAgreementMethod', ...reference },
};

const proof: JsonObject = {
  '@protected': true,
  id: '@id',
  type: '@type',
  challenge: 'https://w3id.org/security#challenge',
  created: { '@id': 'http://purl.org/dc/terms/created', '@type': dateTime },
  domain: 'https://w3id.org/security#domain',
  expires: { '@id': 'https://w3id.org/security#expiration', '@type': dateTime },
  nonce: 'https://w3id.org/security#nonce',
  previousProof: { '@id': 'https://w3id.org/security#previousProof', '@type': '@id' },
  proofPurpose: { '@id': 'https://w3id.org/security#proofPurpose', '@type': '@vocab', '@context': proofPurposes },
  cryptosuite: { '@id': 'https://w3id.org/security#cryptosuite', '@type': 'https://w3id.org/security#cryptosuiteString' },
  proofValue: { '@id': 'https://w3id.org/security#proofValue', '@type': 'https://w3id.org/security#multibase' },
  verificationMethod: { '@id': 'https://w3id.org/security#verificationMethod', '@type': '@id' },
};

/** The value of `@context` in the published document. */
export const dataIntegrity: JsonObject = {
  id: '@id',
  type: '@type',
  '@protected': true,
  proof: { '@id': 'https://w3id.org/security#proof', '@type': '@id', '@container': '@graph' },
  DataIntegrityProof: { '@id': 'https://w3id.org/security#DataIntegrityProof', '@context': proof },
};
