/** Functions of expressions with what they take and do. The builtins are expr-lang's, `sprig.*` is Masterminds/sprig. */

export interface FunctionInfo {
  name: string;
  /** As it is called: `split(text, separator)`. */
  signature: string;
  about: string;
}

/** One function a line: `name(arguments) what it does`. */
const BUILTINS = `
all(list, predicate) Whether the predicate holds for every item.
any(list, predicate) Whether the predicate holds for some item.
one(list, predicate) Whether the predicate holds for exactly one item.
none(list, predicate) Whether the predicate holds for no item.
map(list, mapper) A list of what the mapper makes of each item.
filter(list, predicate) The items for which the predicate holds.
find(list, predicate) The first item for which the predicate holds.
findIndex(list, predicate) Index of the first item for which the predicate holds.
findLast(list, predicate) The last item for which the predicate holds.
findLastIndex(list, predicate) Index of the last item for which the predicate holds.
count(list, predicate) How many items the predicate holds for.
sum(list, mapper) Sum of the items, or of what the mapper makes of them.
groupBy(list, mapper) Items in lists by what the mapper makes of them.
sortBy(list, mapper, order) Items in the order of what the mapper makes of them; order is "asc" or "desc".
reduce(list, reducer, start) One value made of all items; #acc is what has been made so far.
len(value) Length of a list, map or text.
type(value) Name of the value's type.
abs(number) The number without its sign.
ceil(number) The next whole number above.
floor(number) The next whole number below.
round(number) The nearest whole number.
int(value) The value as a whole number: int("3") is 3.
float(value) The value as a number with a fraction.
string(value) The value as text.
trim(text, characters) The text without blanks, or those characters, at both ends.
trimPrefix(text, prefix) The text without this beginning.
trimSuffix(text, suffix) The text without this end.
upper(text) In capital letters.
lower(text) In small letters.
split(text, separator, limit) Parts of the text between separators.
splitAfter(text, separator, limit) Parts of the text, each with its separator.
replace(text, old, new) The text with every old part replaced.
repeat(text, count) The text several times.
join(list, separator) Texts of a list, joined.
indexOf(text, part) Where the part begins; -1 when it is not there.
lastIndexOf(text, part) Where the part begins last; -1 when it is not there.
hasPrefix(text, prefix) Whether the text begins so.
hasSuffix(text, suffix) Whether the text ends so.
max(a, b) The largest of numbers.
min(a, b) The smallest of numbers.
mean(list) Average of numbers.
median(list) The middle one of numbers.
toJSON(value) The value as JSON text.
fromJSON(text) What a JSON text says.
toBase64(text) The text in base64.
fromBase64(text) The text that base64 stands for.
now() The time now.
duration(text) A span of time, as duration("1h30m").
date(text, format, timezone) A time out of a text.
timezone(name) A time zone by its IANA name.
first(list) The first item.
last(list) The last item.
get(from, key) Item or field; nil when it is not there.
take(list, count) The first items.
keys(map) Keys of a map.
values(map) Values of a map.
toPairs(map) Pairs of key and value.
fromPairs(list) A map out of pairs.
reverse(list) In the opposite order.
uniq(list) Without repeated items.
concat(list, list) Lists one after another.
flatten(list) Lists in a list, as one list.
sort(list, order) In order; order is "asc" or "desc".
bitand(a, b) Bits that both have.
bitor(a, b) Bits that one of them has.
bitxor(a, b) Bits that exactly one has.
bitnand(a, b) Bits of a that b has not.
bitnot(a) The other bits.
bitshl(a, count) Bits moved to the left.
bitshr(a, count) Bits moved to the right.
bitushr(a, count) Bits moved to the right, the sign with them.
`;

/** Those that Argo adds. */
const ARGO = `
asInt(value) The value as a whole number.
asFloat(value) The value as a number with a fraction.
jsonpath(json, path) What a JSONPath finds in a JSON text: jsonpath(inputs.parameters.json, '$.a').
toJson(value) The value as JSON text.
`;

/** Sprig's most used ones with words; the others are listed by name. */
const SPRIG = `
trim(text) Without blanks at both ends.
trimAll(characters, text) Without these characters at both ends.
trimPrefix(prefix, text) Without this beginning.
trimSuffix(suffix, text) Without this end.
upper(text) In capital letters.
lower(text) In small letters.
title(text) Each word with a capital letter.
untitle(text) Each word with a small letter.
repeat(count, text) The text several times.
substr(start, end, text) A part of the text.
trunc(length, text) The beginning of the text; with a negative length, its end.
abbrev(width, text) Cut short with dots.
contains(part, text) Whether the text has this part.
hasPrefix(prefix, text) Whether the text begins so.
hasSuffix(suffix, text) Whether the text ends so.
quote(text) In double quotes.
squote(text) In single quotes.
cat(a, b) Values with blanks in between.
indent(count, text) Each line moved to the right.
nindent(count, text) Each line moved to the right, after a line break.
replace(old, new, text) With every old part replaced.
plural(one, many, count) The word that fits the number.
snakecase(text) As_this.
camelcase(text) AsThis.
kebabcase(text) as-this.
wrap(width, text) In lines of this width.
join(separator, list) Items joined.
splitList(separator, text) Parts of the text as a list.
sortAlpha(list) In the order of the alphabet.
toString(value) As text.
toStrings(list) Items as texts.
atoi(text) A whole number out of a text.
int(value) As a whole number.
int64(value) As a whole number of 64 bits.
float64(value) As a number with a fraction.
add(a, b) Sum.
add1(a) One more.
sub(a, b) Difference.
mul(a, b) Product.
div(a, b) Quotient, as a whole number.
mod(a, b) Rest of a division.
max(a, b) The larger.
min(a, b) The smaller.
ceil(a) The next whole number above.
floor(a) The next whole number below.
round(a, digits) With so many digits behind the point.
default(fallback, value) The fallback where the value is empty.
empty(value) Whether the value is empty.
coalesce(a, b) The first that is not empty.
ternary(yes, no, condition) One of two values.
toJson(value) As JSON text.
fromJson(text) What a JSON text says.
toPrettyJson(value) As JSON text over several lines.
b64enc(text) In base64.
b64dec(text) The text that base64 stands for.
sha1sum(text) SHA-1, in hex.
sha256sum(text) SHA-256, in hex.
adler32sum(text) Adler-32 as a number.
list(a, b) A list.
first(list) The first item.
rest(list) All but the first.
last(list) The last item.
initial(list) All but the last.
append(list, item) With one more at the end.
prepend(list, item) With one more at the beginning.
concat(list, list) Lists one after another.
reverse(list) In the opposite order.
uniq(list) Without repeated items.
without(list, item) Without this item.
has(item, list) Whether the item is in the list.
compact(list) Without empty items.
slice(list, start, end) A part of the list.
dict(key, value) A map.
get(map, key) Field of a map.
set(map, key, value) The map with a field set.
hasKey(map, key) Whether the map has the field.
pick(map, key) Only these fields.
omit(map, key) Without these fields.
merge(map, map) Maps as one; the first wins.
keys(map) Keys of a map.
values(map) Values of a map.
date(format, time) A time in Go's format, as 2006-01-02.
dateInZone(format, time, zone) A time in Go's format in a time zone.
now() The time now.
ago(time) How long ago.
unixEpoch(time) Seconds since 1970.
toDate(format, text) A time out of a text.
duration(seconds) Seconds as 1h2m3s.
regexMatch(pattern, text) Whether the pattern fits.
regexFind(pattern, text) The first part that fits.
regexFindAll(pattern, text, count) The parts that fit.
regexReplaceAll(pattern, text, new) With parts that fit replaced; $1 stands for a group.
regexSplit(pattern, text, count) Parts between what fits.
semver(text) A version out of a text.
semverCompare(constraint, version) Whether the version keeps the constraint.
urlParse(text) Parts of a URL.
uuidv4() A random id.
randAlphaNum(length) Random letters and digits.
randNumeric(length) Random digits.
`;

function read(table: string, prefix: string): FunctionInfo[] {
  return table.trim().split('\n').map((line) => {
    const end = line.indexOf(')') + 1;
    const signature = line.slice(0, end);
    return { name: prefix + signature.slice(0, signature.indexOf('(')), signature: prefix + signature, about: line.slice(end + 1) };
  });
}

export const FUNCTIONS: readonly FunctionInfo[] = [...read(BUILTINS, ''), ...read(ARGO, '').filter(({ name }) => name !== 'toJson'), ...read(SPRIG, 'sprig.')];

const BY_NAME = new Map(FUNCTIONS.map((each) => [each.name, each]));

/** @returns the function of a name, `sprig.` with it */
export function functionOf(name: string): FunctionInfo | undefined {
  return BY_NAME.get(name);
}
