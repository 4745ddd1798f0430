/** Tests the parser of `q`: every production of clause 4.9, the accepted extensions, and the position of each refusal. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { QPath, Query, QValue } from '../../../src/core/language/filter.ts';
import { parseQ } from '../../../src/core/language/q/q.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import { Problem } from '../../../src/core/model/problem.ts';
import { termsBy } from '../terms.ts';

const base = 'https://uri.etsi.org/ngsi-ld/default-context/';
const terms = termsBy({
  expand: (term) =>
    term.startsWith('ex:') ? `https://example.org/${term.slice(3)}` : term.includes(':') ? term : base + term,
});
const parse = (text: string, options: { expandValues?: string[]; jsonKeys?: string[] } = {}): Query =>
  parseQ(text, terms, { expandValues: [], jsonKeys: [], ...options });

/** A tree as one line, so that tables stay readable: names without the default vocabulary, `&` and `|` with all parentheses. */
function show(query: Query): string {
  if ('parts' in query) return `(${query.parts.map(show).join(query.op === 'and' ? ' & ' : ' | ')})`;
  if ('pattern' in query) return `${showPath(query.path)} ${query.op} /${query.pattern.source}/`;
  if (!('value' in query)) return showPath(query.path);
  const expanded = query.expanded ? ` as ${query.expanded.map(shorten).join(' ')}` : '';
  return `${showPath(query.path)} ${query.op} ${showValue(query.value)}${expanded}`;
}

const shorten = (iri: string): string =>
  iri.startsWith(base) ? iri.slice(base.length) : iri.includes(':') ? `<${iri}>` : `@${iri}`;

function showPath({ attr, sub, inside, linked }: QPath): string {
  const names = [attr, ...sub].map(shorten).join('.');
  const link = linked ? `{${linked.types.map(shorten).join(',')}:${showPath(linked.path)}}` : '';
  return names + (inside.length > 0 ? JSON.stringify(inside) : '') + link;
}

function showValue(value: QValue): string {
  switch (value.kind) {
    case 'json':
      return JSON.stringify(value.value);
    case 'time':
      return `${value.form}(${value.text})`;
    case 'uri':
      return `<${value.uri}>`;
    case 'list':
      return value.values.map(showValue).join(', ');
    case 'range':
      return `${showValue(value.from)}..${showValue(value.to)}`;
  }
}

const problemOf = (text: string): Problem => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`${text} was parsed`);
};

describe('terms', () => {
  test.each([
    // What the standard itself shows.
    ['temperature>20', 'temperature > 20'],
    ['brandName!="Mercedes"', 'brandName != "Mercedes"'],
    ['isParked==urn:ngsi-ld:OffStreetParking:Downtown1', 'isParked == <urn:ngsi-ld:OffStreetParking:Downtown1>'],
    ['isParked=="urn:ngsi-ld:OffStreetParking:Downtown1"', 'isParked == "urn:ngsi-ld:OffStreetParking:Downtown1"'],
    ['temperature.observedAt>=2017-12-24T12:00:00Z', 'temperature.@observedAt >= dateTime(2017-12-24T12:00:00Z)'],
    ['address[city]=="Berlin"', 'address["city"] == "Berlin"'],
    ['sensor.rawdata[airquality.particulate]==40', 'sensor.rawdata["airquality","particulate"] == 40'],
    ['refersTo', 'refersTo'],
    ['color=="black","red"', 'color == "black", "red"'],
    ['temperature==10..20', 'temperature == 10..20'],
    ['color==black', 'color == "black"'],
    // Values.
    ['a==-1.5e3', 'a == -1500'],
    ['a==007', 'a == "007"'],
    ['a==.5', 'a == ".5"'],
    ['a==true', 'a == true'],
    ['a!=false', 'a != false'],
    ['a=="true"', 'a == "true"'],
    ['a=="12"', 'a == "12"'],
    ['a==""', 'a == ""'],
    ['a=="say \\"hi\\"; (b|c) \\u010d"', 'a == "say \\"hi\\"; (b|c) č"'],
    ['a==Mercedes Benz', 'a == "Mercedes Benz"'],
    ['a==Kranj (center)', 'a == "Kranj (center)"'],
    ['a==http://example.org/x?y=1&z=2', 'a == <http://example.org/x?y=1&z=2>'],
    ['a==http://example.org/a/../b', 'a == <http://example.org/a/../b>'],
    ['a==urn:a..urn:b', 'a == <urn:a..urn:b>'],
    ['a<2020-02-29', 'a < date(2020-02-29)'],
    ['a==2020-02-30', 'a == "2020-02-30"'],
    ['a>12:30:00Z', 'a > time(12:30:00Z)'],
    ['a>2020-01-01T00:00:00,250Z', 'a > dateTime(2020-01-01T00:00:00,250Z)'],
    ['a>"2020-01-01T00:00:00Z"', 'a > "2020-01-01T00:00:00Z"'],
    ['a>=true', 'a >= true'],
    ['a>urn:x:1', 'a > <urn:x:1>'],
    // Lists and ranges.
    ['a==1,"x",true,urn:a:b', 'a == 1, "x", true, <urn:a:b>'],
    ['a!=x,y', 'a != "x", "y"'],
    ['a==-1.5..2.5', 'a == -1.5..2.5'],
    ['a=="a".."f"', 'a == "a".."f"'],
    ['a==a..f', 'a == "a".."f"'],
    [
      'a!=2020-01-01T00:00:00Z..2020-02-01T00:00:00Z',
      'a != dateTime(2020-01-01T00:00:00Z)..dateTime(2020-02-01T00:00:00Z)',
    ],
    ['a==2020-01-01..2020-02-01T00:00:00Z', 'a == date(2020-01-01)..dateTime(2020-02-01T00:00:00Z)'],
    ['a==2020-01-01T00:00:00,5Z,x', 'a == dateTime(2020-01-01T00:00:00,5Z), "x"'],
    ['a==08:00:00Z..16:00:00Z', 'a == time(08:00:00Z)..time(16:00:00Z)'],
    // Blanks are nothing.
    ['  a  >=  5  ;  b ', '(a >= 5 & b)'],
    ['( a == 1 .. 2 | b == x , y )', '(a == 1..2 | b == "x", "y")'],
  ])('%s', (text, shown) => expect(show(parse(text))).toBe(shown));

  test('a time carries its microseconds', () => {
    expect(parse('a>1970-01-01T00:00:01.000002Z')).toMatchObject({ value: { micros: 1_000_002 } });
    expect(parse('a>1970-01-02')).toMatchObject({ value: { micros: 86_400_000_000 } });
    expect(parse('a>00:00:01Z')).toMatchObject({ value: { micros: 1_000_000 } });
  });

  test.each([
    ['a>2022-05-06T18:29:00+02:00', '2022-05-06T16:29:00Z'],
    ['a>2022-05-06T18:29:00 02:00', '2022-05-06T16:29:00Z'],
    ['a>2022-05-06T11:59:00.25-0430', '2022-05-06T16:29:00.25Z'],
    ['a>2022-05-06T18:29:00,5+02', '2022-05-06T16:29:00.5Z'],
    ['a[b.c]>2022-12-31T23:59:59-00:01', '2023-01-01T00:00:59Z'],
    ['a.observedAt>"2022-05-06T18:29:00+02:00"', '2022-05-06T16:29:00Z'],
    ['a>01:30:00+02:00', '1970-01-01T23:30:00Z'],
  ])('%s means the moment %s', (text, moment) => {
    const query = parse(text);
    expect('value' in query && query.value.kind === 'time' && instantOf(query.value.micros)).toBe(moment);
  });

  test.each([
    'a>2022-05-06T16:29:00',
    'a==2022-05-06T16:29',
    'a!=2022-05-06 16:29:00',
    'a==2022-05-06T16:29:00..2022-05-07T16:29:00Z',
    'a==x,2022-05-06T16:29:00,5',
    'a.b[c.d]<=2022-05-06T16:29:00.5',
    'a>2022-05-06T16:29:00z',
    'a>2022-05-06T16:29:00+24:00',
    'a>2022-02-30T16:29:00Z',
    'a{b}==2022-05-06T16:29:00',
    'a>16:29:00',
    'a.observedAt>"2022-05-06T16:29:00"',
    'createdAt<banana',
    'modifiedAt=="x".."y"',
    'a.expiresAt==urn:x:1',
  ])('%s names no time, and is refused', (text) => expect(problemOf(text).message).toMatch(/time/));

  test.each([
    ['a=="2022-05-06T16:29:00"', 'a == "2022-05-06T16:29:00"'],
    ['opens==09:30', 'opens == "09:30"'],
    ['serial==1234-56-78', 'serial == "1234-56-78"'],
    ['mac==00:11:22:33:44:55', 'mac == "00:11:22:33:44:55"'],
  ])('%s is a text', (text, tree) => expect(show(parse(text))).toBe(tree));

  test('what is compared with a time stamp is a time, quoted or not', () => {
    expect(show(parse('createdAt>"2020-01-01T00:00:00Z"'))).toBe('@createdAt > dateTime(2020-01-01T00:00:00Z)');
    expect(show(parse('a.observedAt=="2020-01-01".."2020-01-02"'))).toBe(
      'a.@observedAt == date(2020-01-01)..date(2020-01-02)',
    );
    expect(show(parse('a.modifiedAt=="2020-01-01",5'))).toBe('a.@modifiedAt == date(2020-01-01), 5');
  });
});

describe('logic', () => {
  test.each([
    ['a;b', '(a & b)'],
    ['a|b', '(a | b)'],
    ['a;b|c;d', '((a & b) | (c & d))'],
    ['a|b;c|d', '(a | (b & c) | d)'],
    ['(a|b);c', '((a | b) & c)'],
    ['((speed>50|rpm>3000);brandName=="Mercedes")', '((speed > 50 | rpm > 3000) & brandName == "Mercedes")'],
    ['((((a))))', 'a'],
    ['(a==b);c', '(a == "b" & c)'],
    ['(speed==10..20;b)', '(speed == 10..20 & b)'],
  ])('%s', (text, shown) => expect(show(parse(text))).toBe(shown));
});

describe('paths', () => {
  test.each([
    ['a.b.c>1', 'a.b.c > 1'],
    ['a.unitCode=="CEL"', 'a.@unitCode == "CEL"'],
    ['a.datasetId==urn:ds:1', 'a.@datasetId == <urn:ds:1>'],
    ['a.b[c.d]', 'a.b["c","d"]'],
    ['motto[en-GB]=="x"', 'motto["en-GB"] == "x"'],
    ['motto[*]=="x"', 'motto["*"] == "x"'],
    ['motto[@none]=="x"', 'motto["@none"] == "x"'],
    ['raw["with.dot"."b c"]==1', 'raw["with.dot","b c"] == 1'],
    ['raw[a-b.0]==1', 'raw["a-b","0"] == 1'],
    ['ex:speed>5', '<https://example.org/speed> > 5'],
    ['ex:speed.ex:accuracy>5', '<https://example.org/speed>.<https://example.org/accuracy> > 5'],
    ['https://example.org/v1.0/speed.accuracy>5', '<https://example.org/v1.0/speed>.accuracy > 5'],
    ['https://example.org/vocab#speed==5', '<https://example.org/vocab#speed> == 5'],
    ['https%3A%2F%2Fexample.org%2Fa%3Bb.observedAt', '<https://example.org/a;b>.@observedAt'],
    ['urn:ngsi-ld:attr:speed', '<urn:ngsi-ld:attr:speed>'],
    ['šola_2.številka==1', 'šola_2.številka == 1'],
    ['createdAt>2020-01-01T00:00:00Z', '@createdAt > dateTime(2020-01-01T00:00:00Z)'],
    ['id==urn:a:b;scope=="/A"', '(@id == <urn:a:b> & @scope == "/A")'],
    ['type==Building', '@type == "Building" as Building'],
    ['a.objectType=="Quay","ex:Pier"', 'a.@objectType == "Quay", "ex:Pier" as Quay <https://example.org/Pier>'],
  ])('%s', (text, shown) => expect(show(parse(text))).toBe(shown));

  test('the text is what was written', () => {
    expect(parse('ex:speed.accuracy[x]>5')).toMatchObject({ path: { text: 'ex:speed.accuracy', inside: ['x'] } });
  });

  test.each([
    ['mooredAt{depth}>10', 'mooredAt{:depth} > 10'],
    ['mooredAt{Quay,Pier:depth}>10', 'mooredAt{Quay,Pier:depth} > 10'],
    ['mooredAt{ Quay : depth.accuracy[x] } == 1', 'mooredAt{Quay:depth.accuracy["x"]} == 1'],
    ['a{b{c}}==1', 'a{:b{:c}} == 1'],
    ['a{b{X:c}}', 'a{:b{X:c}}'],
    ['a.b{Quay:ex:depth}>1', 'a.b{Quay:<https://example.org/depth>} > 1'],
    ['a{https://example.org/depth}>1', 'a{:<https://example.org/depth>} > 1'],
    ['a{https%3A%2F%2Fexample.org%2FQuay:depth}', 'a{<https://example.org/Quay>:depth}'],
    ['a{depth>10}', 'a{:depth} > 10'],
    ['a{b{c==x}};d', '(a{:b{:c}} == "x" & d)'],
    ['a{b{c}~=^x{2}$}', 'a{:b{:c}} ~= /^x{2}$/'],
    ['(a{b}==x|c)', '(a{:b} == "x" | c)'],
  ])('linked %s', (text, shown) => expect(show(parse(text))).toBe(shown));
});

describe('patterns', () => {
  test.each([
    ['a~=^Al', 'a ~= /^Al/'],
    ['a!~=.*x$', 'a !~= /.*x$/'],
    ['a~=(Audi|Fiat) [A-Z];b', '(a ~= /(Audi|Fiat) [A-Z]/ & b)'],
    ['a~=x|b', '(a ~= /x/ | b)'],
    ['(a~=x)', 'a ~= /x/'],
    ['(a~=(x)y|b)', '(a ~= /(x)y/ | b)'],
    ['a~=[;|)]+;b', '(a ~= /[;|)]+/ & b)'],
    ['a~=\\;\\|x', 'a ~= /\\;\\|x/'],
    ['a~="x;y|z"', 'a ~= /x;y|z/'],
    ['a~="\\d+\\\\.\\"";b', '(a ~= /\\d+\\."/ & b)'],
    ['a ~= "x" ', 'a ~= /x/'],
  ])('%s', (text, shown) => expect(show(parse(text))).toBe(shown));
});

describe('expandValues', () => {
  test.each([
    [['category'], 'category=="Lifeboat"', 'category == "Lifeboat" as Lifeboat'],
    [
      ['category'],
      'category==Lifeboat,ex:Tug',
      'category == "Lifeboat", <ex:Tug> as Lifeboat <https://example.org/Tug>',
    ],
    [['category'], 'category!=Lifeboat;other==Lifeboat', '(category != "Lifeboat" as Lifeboat & other == "Lifeboat")'],
    [['category'], 'category==5', 'category == 5'],
    [['category'], 'category>Lifeboat', 'category > "Lifeboat"'],
    [['category'], 'a.category==x', 'a.category == "x" as x'],
    [['category'], 'a{category}==x', 'a{:category} == "x" as x'],
    [['ex:category'], 'https://example.org/category==x', '<https://example.org/category> == "x" as x'],
  ])('%j %s', (expandValues, text, shown) => expect(show(parse(text, { expandValues }))).toBe(shown));
});

describe('errors', () => {
  test.each([
    ['', 1, 'the name of an attribute'],
    ['   ', 4, 'the name of an attribute'],
    ['a;', 3, 'the name of an attribute'],
    [';a', 1, 'the name of an attribute'],
    ['a||b', 3, 'the name of an attribute'],
    ['a=5', 2, 'an operator'],
    ['a b', 3, 'an operator'],
    ['my-attr>5', 1, 'the name of an attribute'],
    ['!a==1', 3, 'the end'],
    ['!(a==1)', 2, 'the name of an attribute'],
    ['9a==1', 1, 'the name of an attribute'],
    ['a.', 3, 'the name of an attribute'],
    ['a[', 3, 'the name of a member'],
    ['a[b', 4, '"]"'],
    ['a[b c]', 5, '"]"'],
    ['a[]', 3, 'the name of a member'],
    ['a==', 4, 'a value'],
    ['a==;b', 4, 'a value'],
    ['a>=', 4, 'a value'],
    ['a==1,', 6, 'a value'],
    ['a==1..', 7, 'a value'],
    ['a==..2', 4, 'a value'],
    ['a=="x', 6, 'a closing quote'],
    ['a=="x\\q"', 4, 'JSON'],
    ['a=="x"y', 7, 'the end'],
    ['a==b==c', 4, 'quotes'],
    ['a==x"y"', 5, 'the end'],
    ['a>1,2', 3, 'one value after >'],
    ['a<=1..2', 4, 'one value after <='],
    ['a==1..2..3', 8, 'the end'],
    ['a==1..2,3', 8, 'the end'],
    ['a==1.."x"', 4, 'a range between'],
    ['a==true..false', 4, 'a range between'],
    ['(a', 3, '")"'],
    ['a)', 2, 'the end'],
    ['(a;b))', 6, 'the end'],
    ['()', 2, 'the name of an attribute'],
    ['a{b', 4, '"}"'],
    ['a{}', 3, 'the name of an attribute'],
    ['a{Quay,Pier}', 12, '":" after the types'],
    ['a{b}c', 5, 'an operator'],
    ['a{b==1}==2', 8, 'the end'],
    ['a~=', 4, 'a regular expression'],
    ['a~="x"y', 7, 'after a quoted regular expression'],
    ['https%ZZ', 1, 'percent-encoded'],
  ])('%j', (text, position, expected) => {
    const problem = problemOf(text);
    expect(problem.type).toBe('BadRequestData');
    expect(problem.message).toContain(`position ${position}:`);
    expect(problem.message).toContain(expected);
  });

  test('a bad pattern, a reserved name and a number beyond measure are named', () => {
    expect(problemOf('a~=x(').message).toContain('"x("');
    expect(problemOf('a.value>5').message).toContain('"value"');
    expect(problemOf('a==1e400').message).toContain('1e400');
  });

  test.each([
    ['length', `a=="${'x'.repeat(17_000)}"`],
    ['nesting', `${'('.repeat(65)}a${')'.repeat(65)}`],
    ['braces', `${'a{'.repeat(65)}a${'}'.repeat(65)}`],
    ['terms', Array(501).fill('a').join(';')],
    ['listed values', `a==${Array(501).fill('1').join(',')}`],
    ['dotted names', Array(65).fill('a').join('.')],
    ['names in brackets', `a[${Array(65).fill('a').join('.')}]`],
    ['patterns', Array(100).fill('a~=x{30}').join(';')],
    ['repeats', 'a~=(x{900}){900}'],
  ])('too much: %s', (_what, text) => expect(problemOf(text).type).toBe('TooComplexQuery'));

  test('the bounds themselves are allowed', () => {
    expect(parse(`${'('.repeat(64)}a${')'.repeat(64)}`).op).toBe('exists');
    expect(parse(Array(500).fill('a').join('|')).op).toBe('or');
  });
});

describe('percent-encoding', () => {
  test.each([
    ['no2%3E1', 'no2 > 1'],
    ['no2%3E1%3Bname%3D%3D%22a%20b%22', '(no2 > 1 & name == "a b")'],
    ["a!%3D1|b~%3D%22x(y)'%22", "(a != 1 | b ~= /x(y)'/)"],
    ['a==%221%22', 'a == "1"'],
    ['a==%221%22,2', 'a == "1", 2'],
    ['a~=%22^x%22', 'a ~= /^x/'],
    ['https%3A%2F%2Fexample.org%2Fa%3E1', '<https://example.org/a> > 1'],
    ['https%3A%2F%2Fexample.org%2Fa%3D%3D1', '<https://example.org/a> == 1'],
    ['a.observedAt%3E2022-05-06T16%3A29%3A00Z', 'a.@observedAt > dateTime(2022-05-06T16:29:00Z)'],
    ['a%3D%3DCaf%C3%A9', 'a == "Café"'],
  ])('%s is decoded, for it cannot be read as it is', (text, tree) => expect(show(parse(text))).toBe(tree));

  test.each([
    ['page=="https://a.example/c%20d"', 'page == "https://a.example/c%20d"'],
    ['page==https://a.example/c%20d', 'page == <https://a.example/c%20d>'],
    ['a~=.*%20x', 'a ~= /.*%20x/'],
    ['a==50%', 'a == "50%"'],
    ['a["x%20y"]==1', 'a["x%20y"] == 1'],
  ])('%s is read as it is', (text, tree) => expect(show(parse(text))).toBe(tree));

  test('what cannot be read either way is refused as it was given', () => {
    expect(problemOf('no2%3E%3E1').message).toContain('"no2%3E%3E1"');
    expect(problemOf('no2%3E%E0%A4').message).toContain('no2%3E');
  });
});

describe('any text', () => {
  const pieces = fc.constantFrom(
    ...Array.from('ab.:;|,()[]{}"\\=!<>~*-+0123456789TZ %/_@# '),
    'č',
    '😀',
    '..',
    '==',
    '!=',
    '~=',
    '!~=',
    'true',
    'http://a',
    '2020-01-01T00:00:00Z',
  );

  test('becomes a query or a Problem', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')),
        ),
        (text) => {
          try {
            parse(text, { expandValues: ['a'] });
          } catch (error) {
            expect(error).toBeInstanceOf(Problem);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('a quoted string comes out as it went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) =>
        expect(parse(`a==${JSON.stringify(value)};b`)).toMatchObject({
          parts: [{ value: { kind: 'json', value } }, { op: 'exists' }],
        }),
      ),
    );
  });

  test('long texts of one sign do not take long', () => {
    for (const piece of [
      'a',
      '.',
      'a.',
      ':',
      'a:',
      '(',
      'a{',
      '"',
      '\\',
      '%',
      '~=(',
      'a~=[',
      '..',
      'a==urn:..',
      'a,',
      '!',
    ]) {
      for (const before of ['', 'a==', 'a~=', 'a[', 'a{', 'a==urn:']) {
        const text = (before + piece.repeat(16_000)).slice(0, 16_000);
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }
    }
  });
});
