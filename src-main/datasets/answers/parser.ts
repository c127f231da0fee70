/** Reads the tokens of an answer as an expression. Recursive descent, of bounded depth. */
import { call, type Expression } from './expression.ts';
import { decimal, inBase, mixed, repeating } from './numerals.ts';
import { FUNCTIONS, type Token, Unreadable } from './tokens.ts';

const RELATIONS = new Set(['=', '<', '>', '\\le', '\\ge', '\\ne', '\\in', '\\approx', '\\to', '\\mapsto']);
const CLOSING = new Set([')', ']', '\\}', '}', ',', '\\rfloor', '\\rceil', '&', '\\\\', '\\end', '\\cup', '\\over']);
const MATRICES = new Set(['matrix', 'pmatrix', 'bmatrix', 'vmatrix', 'Bmatrix', 'array', 'smallmatrix']);
const MOST_DEPTH = 80;

/** @throws Unreadable */
export function expressionOf(tokens: readonly Token[]): Expression {
  return new Parser(tokens).answer();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  /** Inside |...|, where a further bar closes. */
  #bars = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  answer(): Expression {
    while (this.#is('.') || this.#is(',')) this.#at++;
    const answer = this.#list(() => this.#at >= this.#tokens.length);
    if (this.#at < this.#tokens.length) throw new Unreadable(`unexpected ${this.#text()}`);
    const [only] = answer;
    return answer.length === 1 && only !== undefined ? only : { kind: 'list', items: answer };
  }

  #text(ahead = 0): string {
    return this.#tokens[this.#at + ahead]?.text ?? '';
  }

  #is(symbol: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === 'symbol' && token.text === symbol;
  }

  #take(symbol: string): boolean {
    if (!this.#is(symbol)) return false;
    this.#at++;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) throw new Unreadable(`expected ${symbol}, found ${this.#text()}`);
  }

  #inside<T>(body: () => T): T {
    this.#depth++;
    if (this.#depth > MOST_DEPTH) throw new Unreadable('too deep');
    const value = body();
    this.#depth--;
    return value;
  }

  #list(ended: () => boolean): Expression[] {
    const items: Expression[] = [];
    while (!ended()) {
      items.push(this.#union());
      while (this.#is('.') && this.#at === this.#tokens.length - 1) this.#at++;
      if (!this.#is(',')) break;
      // "2, and 3" has two commas by now.
      while (this.#take(','));
    }
    if (items.length > 100) throw new Unreadable('too many items');
    return items;
  }

  #union(): Expression {
    const items = [this.#relation()];
    while (this.#take('\\cup')) items.push(this.#relation());
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { kind: 'union', items };
  }

  #relation(): Expression {
    const sides = [this.#sum()];
    const operators: string[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind !== 'symbol' || !RELATIONS.has(token.text)) break;
      this.#at++;
      operators.push(token.text);
      sides.push(this.#sum());
    }
    const [only] = sides;
    return sides.length === 1 && only !== undefined ? only : { kind: 'relation', operators, sides };
  }

  #sum(): Expression {
    return this.#inside(() => {
      let left: Expression | null = null;
      for (;;) {
        if (this.#take('+')) left = left === null ? this.#product() : call('+', left, this.#product());
        else if (this.#take('-'))
          left = left === null ? call('negate', this.#product()) : call('-', left, this.#product());
        else if (this.#is('\\pm') || this.#is('\\mp')) {
          const minus = this.#is('\\mp');
          this.#at++;
          left = { kind: 'either', left, right: this.#product(), minus };
        } else if (left === null) left = this.#product();
        else return left;
      }
    });
  }

  #product(): Expression {
    let left: Expression | null = null;
    let text = '';
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind === 'text') {
        // A unit, with its power and the unit that it is divided by: it says nothing of the value.
        text += `${text === '' ? '' : ' '}${token.text}`;
        this.#at++;
        if (this.#is('^') && left !== null) {
          this.#at++;
          this.#argument();
        }
        if (this.#is('/') && this.#tokens[this.#at + 1]?.kind === 'text') this.#at++;
      } else if (left !== null && this.#take('*')) left = call('*', left, this.#signed());
      else if (left !== null && this.#take('/')) left = call('/', left, this.#signed());
      else if (left !== null && this.#take('%')) left = call('percent', left);
      else if (this.#beginsFactor()) {
        const before: Expression | null = left;
        const factor = this.#factor();
        left =
          before === null ? factor : (mixed(before, factor, () => this.#quotient(factor)) ?? call('*', before, factor));
      } else if (left !== null) return left;
      else if (text !== '') return { kind: 'text', text };
      else throw new Unreadable(`unexpected ${this.#text() || 'end'}`);
    }
  }

  /** `1 1/2`: what follows the second number; null where it is no fraction. */
  #quotient(numerator: Expression): Expression | null {
    const below = this.#tokens[this.#at + 1];
    if (!this.#is('/') || below?.kind !== 'number') return null;
    this.#at++;
    return call('/', numerator, this.#factor());
  }

  #signed(): Expression {
    if (this.#take('-')) return call('negate', this.#factor());
    this.#take('+');
    return this.#factor();
  }

  #beginsFactor(): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.kind === 'text') return false;
    if (token.kind !== 'symbol') return true;
    if (token.text === '|') return this.#bars === 0;
    if (CLOSING.has(token.text) || RELATIONS.has(token.text)) return false;
    return !['+', '-', '*', '/', '^', '_', '%', '!', '.', "'", '\\pm', '\\mp'].includes(token.text);
  }

  #factor(): Expression {
    let base = this.#atom();
    for (;;) {
      if (this.#take('^'))
        base = call('^', base, this.#take('-') ? call('negate', this.#argument()) : this.#argument());
      else if (this.#take('!')) base = call('!', base);
      else if (this.#is('_')) base = this.#subscript(base);
      else if (this.#take("'") || this.#take('\\prime')) base = primed(base);
      else return base;
    }
  }

  /** Of a number its base, of a variable a part of its name. */
  #subscript(base: Expression): Expression {
    this.#at++;
    const from = this.#at;
    const index = this.#argument();
    const name = this.#tokens
      .slice(from, this.#at)
      .map(({ text }) => text)
      .join('')
      .replace(/[{}]/g, '');
    if (base.kind === 'variable') return { kind: 'variable', name: `${base.name}_${name}` };
    if (base.kind === 'number' && index.kind === 'number') return inBase(base.value, index.value);
    throw new Unreadable('a subscript of neither a number nor a variable');
  }

  /** What a command or an operator applies to: a group, or a single token. */
  #argument(): Expression {
    if (this.#is('{')) return this.#group();
    const token = this.#tokens[this.#at];
    if (token?.kind === 'number' && token.text.length > 1 && this.#text(-1) === '\\frac')
      throw new Unreadable('\\frac12');
    return this.#atom();
  }

  #group(): Expression {
    this.#expect('{');
    const items = this.#inside(() => this.#list(() => this.#is('}')));
    const [only] = items;
    if (only !== undefined && items.length === 1 && this.#take('\\over')) {
      const below = this.#sum();
      this.#expect('}');
      return call('/', only, below);
    }
    this.#expect('}');
    if (items.length === 0) throw new Unreadable('an empty group');
    return items.length === 1 && only !== undefined ? only : { kind: 'list', items };
  }

  #atom(): Expression {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Unreadable('ends too soon');
    if (token.kind === 'number') return this.#number(token);
    if (token.kind === 'name') return this.#name(token.text);
    if (token.kind === 'text') throw new Unreadable(`a word inside: ${token.text}`);
    switch (token.text) {
      case '{':
        return this.#group();
      case '(':
      case '[':
        return this.#brackets(token.text);
      case '\\{':
        return this.#set();
      case '|':
        return this.#bar();
      default:
        this.#at++;
        return this.#command(token.text);
    }
  }

  #number({ text, exponent }: { readonly text: string; readonly exponent: number }): Expression {
    this.#at++;
    if (!this.#take('\\overline') && !this.#take('\\dot')) return decimal(text, exponent);
    this.#expect('{');
    const period = this.#tokens[this.#at];
    this.#at++;
    this.#expect('}');
    if (period?.kind !== 'number') throw new Unreadable('no repeating decimal');
    return repeating(text, period.text);
  }

  #name(name: string): Expression {
    this.#at++;
    if (name === 'pi' || name === 'e' || name === 'i') return { kind: 'constant', name };
    return FUNCTIONS.has(name) ? this.#inside(() => this.#function(name)) : { kind: 'variable', name };
  }

  #function(name: string): Expression {
    let base: Expression | null = null;
    let power: Expression | null = null;
    for (;;) {
      if (base === null && this.#take('_')) base = this.#argument();
      else if (power === null && this.#take('^'))
        power = this.#take('-') ? call('negate', this.#argument()) : this.#argument();
      else break;
    }
    const of = this.#is('(') || this.#is('{') || this.#is('[') ? this.#atom() : this.#bare();
    const items = of.kind === 'tuple' || of.kind === 'list' ? of.items : [of];
    const value = call(name, ...items, ...(base === null ? [] : [base]));
    return power === null ? value : call('^', value, power);
  }

  /** The argument of a function without brackets: \sin 2x. */
  #bare(): Expression {
    let product = this.#factor();
    while (this.#beginsFactor() && !(this.#tokens[this.#at]?.kind === 'name' && FUNCTIONS.has(this.#text())))
      product = call('*', product, this.#factor());
    return product;
  }

  #brackets(open: string): Expression {
    this.#at++;
    const bars = this.#bars;
    this.#bars = 0;
    const items = this.#inside(() => this.#list(() => this.#is(')') || this.#is(']')));
    this.#bars = bars;
    const close = this.#text();
    if (!this.#take(')')) this.#expect(']');
    const [only] = items;
    // ( of one item, alike closed, is a bracket around it.
    if (items.length === 1 && only !== undefined && open + close !== '(]' && open + close !== '[)') return only;
    return { kind: 'tuple', brackets: open + close, items };
  }

  #set(): Expression {
    this.#at++;
    const items = this.#inside(() => this.#list(() => this.#is('\\}')));
    this.#expect('\\}');
    return { kind: 'set', items };
  }

  #bar(): Expression {
    this.#at++;
    this.#bars++;
    const of = this.#inside(() => this.#sum());
    this.#expect('|');
    this.#bars--;
    return call('abs', of);
  }

  #command(name: string): Expression {
    return this.#inside(() => {
      switch (name) {
        case '\\infty':
          return { kind: 'constant', name: 'infinity' };
        case '\\emptyset':
          return { kind: 'set', items: [] };
        case '\\frac':
        case '\\binom': {
          const [above, below] = this.#two(name);
          return call(name === '\\frac' ? '/' : 'binom', above, below);
        }
        case '\\sqrt': {
          if (!this.#take('[')) return call('sqrt', this.#is('(') ? this.#atom() : this.#argument());
          const degree = this.#sum();
          this.#expect(']');
          return call('root', this.#argument(), degree);
        }
        case '\\lfloor':
        case '\\lceil': {
          const of = this.#sum();
          this.#expect(name === '\\lfloor' ? '\\rfloor' : '\\rceil');
          return call(name === '\\lfloor' ? 'floor' : 'ceil', of);
        }
        case '\\begin':
          return this.#matrix();
        case '\\boxed':
        case '\\mathopen':
        case '\\mathclose':
          return this.#argument();
        default:
          throw new Unreadable(`unknown ${name}`);
      }
    });
  }

  /** \frac{a}{b}, and \frac12 with a digit for each. */
  #two(name: string): [Expression, Expression] {
    const token = this.#tokens[this.#at];
    if (token?.kind === 'number' && /^\d{2}$/.test(token.text)) {
      this.#at++;
      const [above = '0', below = '1'] = token.text;
      return [decimal(above, 0), decimal(below, 0)];
    }
    if (token?.kind === 'number' && token.text.length > 2) throw new Unreadable(`${name} of ${token.text}`);
    return [this.#argument(), this.#argument()];
  }

  #matrix(): Expression {
    const named = (): string => {
      this.#expect('{');
      let name = '';
      while (!this.#is('}') && this.#at < this.#tokens.length) {
        name += this.#text();
        this.#at++;
      }
      this.#expect('}');
      return name;
    };
    if (!MATRICES.has(named())) throw new Unreadable('an unknown environment');
    if (this.#is('{')) named(); // columns of an array
    const rows: Expression[][] = [[]];
    while (!this.#take('\\end')) {
      if (this.#take('\\\\')) rows.push([]);
      else if (!this.#take('&')) rows.at(-1)?.push(this.#union());
      if (rows.length > 50 || this.#at >= this.#tokens.length) throw new Unreadable('an endless matrix');
    }
    named();
    return { kind: 'matrix', rows: rows.filter((row) => row.length > 0) };
  }
}

function primed(base: Expression): Expression {
  if (base.kind !== 'variable') throw new Unreadable('a prime behind no variable');
  return { kind: 'variable', name: `${base.name}'` };
}
