// Writes plugins/Tokenizers.Common/Unicode/*.txt from the Unicode data of the JavaScript engine that runs it:
//   node tools/UnicodeTables/make.mjs
import { writeFileSync } from 'node:fs';

const folder = new URL('../../plugins/Tokenizers.Common/Unicode/', import.meta.url);
const hex = c => c.toString(16).toUpperCase();
const points = s => [...s].map(c => hex(c.codePointAt(0))).join(' ');
const note = `# From the Unicode Character Database ${process.versions.unicode}, (c) Unicode, Inc., Unicode License v3. Written by tools/UnicodeTables/make.mjs.\n`;

function* all() {
  for (let c = 0; c < 0x110000; c++)
    if (c < 0xD800 || c > 0xDFFF)
      yield c;
}

function ranges(has) {
  const found = [];
  let first = -1, last = -2;
  const close = () => first >= 0 && found.push(first === last ? hex(first) : `${hex(first)}-${hex(last)}`);
  for (const c of all()) {
    if (!has(String.fromCodePoint(c)))
      continue;
    if (c !== last + 1 || c === 0xE000) {
      close();
      first = c;
    }
    last = c;
  }
  close();
  return found.join(' ');
}

// A mark's class is told by which marks of known class it changes places with. One mark for each class:
const marks = new Map([
  [1, 0x334], [6, 0x16FF0], [7, 0x93C], [8, 0x3099], [9, 0x94D], [10, 0x5B0], [11, 0x5B1], [12, 0x5B2], [13, 0x5B3], [14, 0x5B4], [15, 0x5B5], [16, 0x5B6],
  [17, 0x5B7], [18, 0x5B8], [19, 0x5B9], [20, 0x5BB], [21, 0x5BC], [22, 0x5BD], [23, 0x5BF], [24, 0x5C1], [25, 0x5C2], [26, 0xFB1E], [27, 0x64B], [28, 0x64C],
  [29, 0x64D], [30, 0x64E], [31, 0x64F], [32, 0x650], [33, 0x651], [34, 0x652], [35, 0x670], [36, 0x711], [84, 0xC55], [91, 0xC56], [103, 0xE38], [107, 0xE48],
  [118, 0xEB8], [122, 0xEC8], [129, 0xF71], [130, 0xF72], [132, 0xF74], [202, 0x321], [214, 0x1DCE], [216, 0x31B], [218, 0x302A], [220, 0x316], [222, 0x59A],
  [224, 0x302E], [226, 0x1D16D], [228, 0x5AE], [230, 0x300], [232, 0x315], [233, 0x35C], [234, 0x35D], [240, 0x345],
]);
const swaps = (a, b) => {
  const text = String.fromCodePoint(a, b);
  return text.normalize('NFD') !== [...text].map(c => c.normalize('NFD')).join('');
};
function combiningClass(c) {
  if (!/^\p{M}$/u.test(String.fromCodePoint(c)) || String.fromCodePoint(c).normalize('NFD') !== String.fromCodePoint(c))
    return 0;
  if (![...marks.values()].some(m => swaps(m, c) || swaps(c, m)))
    return 0;
  for (const [value, mark] of marks)
    if (!swaps(c, mark))
      return value;
  throw new Error(hex(c));
}

// C: canonical, "!" where composing does not lead back; K: compatibility; M: marks of a class. Decompositions are full.
let forms = note;
const classes = new Map();
for (const c of all()) {
  const text = String.fromCodePoint(c);
  const d = text.normalize('NFD'), k = text.normalize('NFKD');
  if (d !== text && !(c >= 0xAC00 && c <= 0xD7A3))
    forms += `C${text.normalize('NFC') === text ? '' : '!'} ${hex(c)} ${points(d)}\n`;
  if (k !== d)
    forms += `K ${hex(c)} ${points(k)}\n`;
  const value = combiningClass(c);
  if (value)
    classes.set(value, [...(classes.get(value) ?? []), c]);
}
for (const [value, members] of [...classes].sort((a, b) => a[0] - b[0])) {
  const set = new Set(members);
  forms += `M ${value} ${ranges(t => set.has(t.codePointAt(0)))}\n`;
}
writeFileSync(new URL('Forms.txt', folder), forms);

// Binary properties, then scripts: a name and its ranges.
const scripts = `Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid
  Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra
  Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Garay Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Gurung_Khema Han Hangul
  Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li
  Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Kirat_Rai Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic
  Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean
  Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Ol_Onal Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian
  Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan
  Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Sunuwar Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet
  Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Todhri Toto Tulu_Tigalari Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square
  Sidetic Tai_Yo Tolong_Siki Beria_Erfe`.split(/\s+/);
let sets = note;
for (const name of ['Alphabetic', 'Uppercase', 'Lowercase', 'Emoji', 'Emoji_Presentation', 'Extended_Pictographic'])
  sets += `${name} ${ranges(t => new RegExp(`^\\p{${name}}$`, 'u').test(t))}\n`;
for (const name of scripts) {
  let test;
  try {
    test = new RegExp(`^\\p{Script=${name}}$`, 'u');
  } catch {
    console.warn(`no script ${name} here`);
    continue;
  }
  sets += `Script=${name} ${ranges(t => test.test(t))}\n`;
}
writeFileSync(new URL('Sets.txt', folder), sets);
