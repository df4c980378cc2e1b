/** A mistake of the user: printed as it stands, without a stack. */
export class UserError extends Error {}
