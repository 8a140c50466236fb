/** An address as others may see it: enough for its owner to know it by (`m•••@example.org`, `•••• 34`). */
export function maskedAddress(address: string): string {
  const at = address.lastIndexOf('@');
  if (at === -1) return `•••• ${address.slice(-2)}`;
  const [first = ''] = Array.from(address.slice(0, at));
  return `${first}•••${address.slice(at)}`;
}
