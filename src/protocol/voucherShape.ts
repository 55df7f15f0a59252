// What a voucher's code looks like, for whoever takes one: the page tells a slip of the clipboard before it asks the
// broker, which alone can read the code. Pure.

/** How codes of this version begin. */
export const voucherPrefix = 'cbv1_';
/** Letters behind the prefix: 96 bytes in base64url, which leaves no two ways to write them. */
export const voucherLetters = 128;

const shape = /^cbv1_[A-Za-z0-9_-]{128}$/;

/** The code without what mail and terminals put around and into it: spaces and line breaks. */
export function tidyVoucher(text: string): string {
  return text.replaceAll(/\s+/g, '');
}

/** Whether a tidied text has the shape of a whole code. */
export function isVoucherShaped(text: string): boolean {
  return shape.test(text);
}
