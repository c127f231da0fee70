/** How Node's console.log shows values, evaluated inside QuickJS: much as util.inspect and util.format do, but on one
 * line. The value of this script is a function to { inspect, format }. */
() => {
  const quote = (text) =>
    text.includes("'") ? JSON.stringify(text) : `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')}'`;
  /** Much as util.inspect prints. */
  function inspect(value, depth = 2, above = []) {
    if (typeof value === 'string') return quote(value);
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'function') return `[Function: ${value.name || '(anonymous)'}]`;
    if (Object.is(value, -0)) return '-0';
    if (typeof value !== 'object' || value === null) return String(value);
    if (above.includes(value)) return '[Circular *1]';
    if (value instanceof Error) return `${value}\n${value.stack ?? ''}`.trimEnd();
    if (value instanceof Date) return value.toISOString();
    if (value instanceof RegExp) return String(value);
    const inner = (item) => inspect(item, depth - 1, [...above, value]);
    const type = value.constructor?.name ?? '[Object: null prototype]';
    const list = Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof Set;
    if (depth < 0) return Array.isArray(value) ? '[Array]' : `[${type}]`;
    const named = Object.keys(value).filter((key) => !list || !/^\d+$/.test(key));
    const fields = named.map((key) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key)}: ${inner(value[key])}`);
    const items = list ? Array.from(value, inner) : [];
    const pairs = value instanceof Map ? Array.from(value, ([key, item]) => `${inner(key)} => ${inner(item)}`) : [];
    const parts = [...items, ...pairs, ...fields];
    if (parts.length > 100) parts.splice(100, parts.length, `... ${parts.length - 100} more items`);
    const plain = type === 'Array' || type === 'Object';
    const size = value.size ?? value.length;
    const prefix = plain ? '' : `${type}${list || value instanceof Map ? `(${size})` : ''} `;
    const [open, close] = list && !(value instanceof Set) ? '[]' : '{}';
    return `${prefix}${open}${parts.length === 0 ? '' : ` ${parts.join(', ')} `}${close}`;
  }
  const shown = (value) => (typeof value === 'string' ? value : inspect(value));
  const forms = {
    s: (value) => (typeof value === 'object' ? inspect(value, 0) : String(value)),
    d: (value) => `${typeof value === 'bigint' ? `${value}n` : Number(value)}`,
    i: (value) => `${Number.parseInt(value, 10)}`,
    f: (value) => `${Number.parseFloat(value)}`,
    j: (value) => JSON.stringify(value),
    o: (value) => inspect(value, 4),
    O: (value) => inspect(value, 4),
  };
  function format(...values) {
    const [first, ...rest] = values;
    if (typeof first !== 'string' || rest.length === 0) return values.map(shown).join(' ');
    const start = first.replace(/%([sdifjoO%])/g, (whole, form) => {
      if (form === '%') return '%';
      return rest.length === 0 ? whole : forms[form](rest.shift());
    });
    return [start, ...rest.map(shown)].join(' ');
  }
  return { inspect, format };
};
