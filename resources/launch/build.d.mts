export function ensureBuilt(part: 'main' | 'all'): Promise<boolean>;
