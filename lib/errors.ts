// The closed union of everything that can go wrong. Code switches on `code`, never on a message.

/** Why a request is not a valid event: the sender's fault, and final for these bytes. */
export type RejectionCode =
  | 'provider_unknown'
  | 'body_too_large'
  | 'body_malformed'
  | 'payload_invalid'
  | 'subject_unsupported'
  | 'email_missing'
  | 'header_duplicated'
  | 'signature_missing'
  | 'signature_malformed'
  | 'signature_mismatch'
  | 'credential_mismatch'
  | 'body_hash_mismatch'
  | 'key_unknown'
  | 'algorithm_refused'
  | 'type_mismatch'
  | 'issuer_mismatch'
  | 'audience_mismatch'
  | 'claim_missing'
  | 'user_token'
  | 'timestamp_malformed'
  | 'too_old'
  | 'from_the_future';

/** Our own trouble before anything was recorded: the sender must try again. */
export type UnavailableCode =
  | 'store_unavailable'
  | 'keys_unavailable'
  | 'profile_unavailable'
  | 'settings_unavailable'
  | 'provider_misconfigured';

/**
 * What a call to ROQ can come to, besides success.
 * - `roq_unavailable`: nothing was changed there; later will do.
 * - `roq_throttled`: as above, and ROQ may have said how long to wait.
 * - `roq_ambiguous`: a change was sent and its answer lost; it may have been made, or may yet be.
 * - `roq_refused`: ROQ will never accept this change.
 * - `roq_unauthorized`: our own credentials are wrong, whoever the user.
 * - `roq_user_missing`: ROQ no longer has the user that the record names.
 */
export type RoqCode =
  | 'roq_unavailable'
  | 'roq_throttled'
  | 'roq_ambiguous'
  | 'roq_refused'
  | 'roq_unauthorized'
  | 'roq_user_missing';

/**
 * Why a record could not be brought in step.
 * - `record_invalid`: it holds what can't be sent to ROQ.
 */
export type ConvergeCode = RoqCode | 'record_invalid';

/**
 * What a question to a provider's directory can come to, besides an answer.
 * - `directory_unavailable`: it could not be asked, or said nothing of use; later may do.
 * - `directory_throttled`: as above, and it may have said how long to wait.
 * - `directory_unauthorized`: our credentials are wrong there, or lack a right.
 * - `directory_invalid`: its answer is of another shape than the documents say.
 */
export type DirectoryCode =
  | 'directory_unavailable'
  | 'directory_throttled'
  | 'directory_unauthorized'
  | 'directory_invalid';

export type ErrorCode = RejectionCode | UnavailableCode | ConvergeCode;

// Anybody can send these, knowing nothing of ours; who has another secret than we have sends a well-formed signature.
const unsignedCodes: readonly RejectionCode[] = [
  'body_too_large',
  'header_duplicated',
  'signature_missing',
  'signature_malformed',
];

/** A request that is not a valid event of its provider. */
export class RejectedError extends Error {
  override readonly name = 'RejectedError';
  readonly code: RejectionCode;
  /** Whether the request bore no signature, or none of its family's form: then it is no sign of a wrong secret. */
  readonly isUnsigned: boolean;

  constructor(code: RejectionCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.isUnsigned = unsignedCodes.includes(code);
  }
}

/** Something that we need to record an event could not be reached. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
  readonly code: UnavailableCode;

  constructor(code: UnavailableCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A question to a provider's directory that has no answer: nothing may be concluded from it. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  readonly code: DirectoryCode;
  /** How long it wants to be left alone, in milliseconds; null where it does not say. */
  readonly waitMs: number | null;

  constructor(code: DirectoryCode, message: string, waitMs: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.waitMs = waitMs;
  }
}

/** A configuration that can't work; `faults` names everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration can't work:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}
