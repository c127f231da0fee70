/** Text from elsewhere as it may be shown in a terminal and a list. */

/** Control characters, which could steer a terminal, become spaces. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
