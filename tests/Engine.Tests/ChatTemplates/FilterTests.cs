namespace Tessera.Engine.Tests.ChatTemplates;

// Every expected text is what Jinja 3.1 on Python gives.
public sealed class FilterTests
{
    [Theory]
    [InlineData("{'b': 1, 'a': [1.0, none, 'é\"\\n/<']}|tojson", "{\"b\": 1, \"a\": [1.0, null, \"é\\\"\\n/<\"]}")]
    [InlineData("{'a': {'b': [1, {}]}, 'c': []}|tojson(indent=2)", "{\n  \"a\": {\n    \"b\": [\n      1,\n      {}\n    ]\n  },\n  \"c\": []\n}")]
    [InlineData("{'b': 1, 'a': 2}|tojson(sort_keys=true, separators=(',', ':'))", "{\"a\":2,\"b\":1}")]
    [InlineData("'é😀'|tojson(ensure_ascii=true)", "\"\\u00e9\\ud83d\\ude00\"")]
    [InlineData("{1: 2, none: 3, true: 4, 1.5: 5}|tojson", "{\"1\": 4, \"null\": 3, \"1.5\": 5}")]
    public void Tojson_writes_as_json_dumps(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("[3, 1, 2]|sort, ['b', 'A', 'c']|sort, ['b', 'A']|sort(reverse=true), [{'a': 2}, {'a': 1}]|sort(attribute='a')", "([1, 2, 3], ['A', 'b', 'c'], ['b', 'A'], [{'a': 1}, {'a': 2}])")]
    [InlineData("[1, 1, 'a', 'A']|unique|list, ['b', 'A']|min, [3, 1]|max, [1, 2]|sum, [{'a': 1}]|sum(attribute='a')", "([1, 'a'], 'A', 3, 3, 1)")]
    [InlineData("[1, 2, 3, 4, 5]|batch(2, 'x')|list, [1, 2, 3, 4, 5]|slice(3)|list", "([[1, 2], [3, 4], [5, 'x']], [[1, 2], [3, 4], [5]])")]
    [InlineData("[1, 2]|first, [1, 2]|last, 'abc'|reverse, [1, 2]|reverse|list, [1, 2]|join('-'), {'a': 1}|items|list", "(1, 2, 'cba', [2, 1], '1-2', [('a', 1)])")]
    [InlineData("[{'r': 'u', 'x': 1}, {'r': 'a'}, {'r': 'u'}]|groupby('r')", "[('a', [{'r': 'a'}]), ('u', [{'r': 'u', 'x': 1}, {'r': 'u'}])]")]
    [InlineData("{'b': 1, 'A': 2}|dictsort, {'b': 1, 'a': 2}|dictsort(by='value')", "([('A', 2), ('b', 1)], [('b', 1), ('a', 2)])")]
    [InlineData("[1, 2]|map('string')|list, [{'a': 1}, {}]|map(attribute='a', default=9)|list, ['ab']|map('replace', 'a', 'c')|list", "(['1', '2'], [1, 9], ['cb'])")]
    [InlineData("[0, 1, 2]|select|list, [0, 1, 2]|reject('odd')|list, [0, 1, 2]|select('gt', 1)|list", "([1, 2], [0, 2], [2])")]
    [InlineData("[{'a': 1}, {'a': 2}, {}]|selectattr('a', 'equalto', 2)|list, [{'a': 1}, {}]|rejectattr('a', 'defined')|list", "([{'a': 2}], [{}])")]
    public void Sequences_are_filtered_as_in_jinja(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("'5'|int, 'x'|int(7), '5.7'|int, '0x1f'|int(base=16), none|int, ' 5 '|int, '1_0'|int, 'inf'|float, 'x'|float", "(5, 7, 5, 31, 0, 5, 10, inf, 0.0)")]
    [InlineData("2.5|round, 2.567|round(2), 2.1|round(0, 'ceil'), 5|round, 2.675|round(2), 1250|round(-2), -5|abs", "(2.0, 2.57, 3.0, 5, 2.67, 1200, 5)")]
    [InlineData("'١٢'|int, '١٢.٥'|float, '𝟙𝟚'|int, '-٣.٥'|int, '١f'|int(base=16), '²'|int(9), '١_٢'|int", "(12, 12.5, 12, -3, 31, 9, 12)")]
    public void Numbers_are_read_and_rounded_as_in_python(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("'a\\nb\\n\\nc'|indent, 'a\\nb'|indent(2, true), 'a\\n\\nb'|indent(2, blank=true)", "('a\\n    b\\n\\n    c', '  a\\n  b', 'a\\n  \\n  b')")]
    [InlineData("'hello big world'|truncate(9), 'hello big world'|truncate(9, true), 'hello'|truncate(3, leeway=0)", "('hello...', 'hello ...', '...')")]
    [InlineData("\"it's ok-fine\"|title, 'hELLO'|capitalize, ' a '|trim, 'xax'|trim('x'), 'a'|center(5), 'a b'|wordcount", "(\"It's Ok-Fine\", 'Hello', 'a', 'a', '  a  ', 2)")]
    [InlineData("'the quick brown fox'|wordwrap(10), 'abcdefgh'|wordwrap(5), 1500000|filesizeformat, 'a b/é'|urlencode", "('the quick\\nbrown fox', 'abcde\\nfgh', '1.5 MB', 'a%20b/%C3%A9')")]
    [InlineData("'%s %s'|format(1, 'b'), '<a>'|escape, '<b>x</b> y'|striptags, 'aaa'|replace('a', 'b', 2), '<'|safe", "('1 b', '&lt;a&gt;', 'x y', 'bba', '<')")]
    [InlineData("{'a': 'x\"<', 'b': none, 'c': nothing, 'd': 1}|xmlattr, {}|xmlattr, {'a': 1, 'b': 2}|xmlattr(false)", "(' a=\"x&#34;&lt;\" d=\"1\"', '', 'a=\"1\" b=\"2\"')")]
    [InlineData("{'a b': 'é/', 'c': 1}|urlencode, [('x', '&'), ('y', none)]|urlencode, 5|urlencode", "('a+b=%C3%A9%2F&c=1', 'x=%26&y=None', '5')")]
    [InlineData("'<!-- a <b> -->x<!-->y'|striptags, '&lt;b&gt; &amp;amp; &eacute; &#65;'|striptags, 'a<b'|striptags, 'x² y'|wordcount", "('xy', '<b> &amp; é A', 'a<b', 2)")]
    public void Texts_are_filtered_as_in_jinja(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("'the well-known e-mail a-b co-op--oper (x-ray) 10-20'|wordwrap(6), 'the well-known e-mail'|wordwrap(6, true, '|', false)", "('the\\nwell-\\nknown\\ne-mail\\na-b\\nco-op\\n--oper\\n(x-\\nray)\\n10-20', 'the we|ll-kno|wn|e-mail')")]
    [InlineData("'abc defghijklmnop q'|wordwrap(4), 'abc defghijklmnop q'|wordwrap(5, false), 'ab-cdefgh-ij'|wordwrap(4)", "('abc \\ndefg\\nhijk\\nlmno\\np q', 'abc\\ndefghijklmnop\\nq', 'ab-c\\ndefg\\nh-ij')")]
    [InlineData("'  lead and   trail  \\n\\nnext line'|wordwrap(8), '   '|wordwrap(2), 'a😀😀😀😀b'|wordwrap(2), 'éé-éé éé'|wordwrap(3, wrapstring='/')", "('  lead\\nand\\ntrail\\n\\nnext\\nline', '', 'a😀\\n😀😀\\n😀b', 'éé-/éé/éé')")]
    [InlineData("'yes--no---maybe -- x --y'|wordwrap(5), '-----'|wordwrap(2), 'a-b-c-d'|wordwrap(3)", "('yes--\\nno---\\nmaybe\\n-- x\\n--y', '--\\n--\\n-', 'a-\\nb-\\nc-d')")]
    public void Lines_are_wrapped_as_in_python(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("'İ'.lower()|length, 'ΑΣ'.lower(), 'ΑΣΑ Σ ΑΣ.'|lower, '\\u212a\\u212b\\u2126\\u1e9e'.lower(), 'ΑΣ'.capitalize(), 'ΑΣ'|title, 'ΑΣ'.title()", "(2, 'ας', 'ασα σ ας.', 'kåωß', 'Ας', 'Ασ', 'Ας')")]
    [InlineData("'ŉıſ'.upper(), 'ΐ'|upper|length, 'ᾳᾀ'.upper(), 'ﬃx ßa'.title(), 'ﬁx'.capitalize(), 'ǆ'.capitalize(), 'ßx-ﬁ'|title, 'ა'.title()", "('ʼNIS', 3, 'ΑΙἈΙ', 'Ffix Ssa', 'Fix', 'ǅ', 'SSx-FI', 'ა')")]
    [InlineData("'ßİſıẞ'.casefold(), 'aßB'.swapcase(), 'ΑΣ'.swapcase(), 'ǅ'.swapcase(), 'ﬃ'.upper()", "('ssi̇sıss', 'ASSb', 'ας', 'ǅ', 'FFI')")]
    public void Case_changes_as_in_python(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("'a,b,c'.split(',', 1), ' a b '.split(), 'a b  c '.split(' '), 'a,b,c'.rsplit(',', 1), ' a b c '.rsplit(none, 1)", "(['a', 'b,c'], ['a', 'b'], ['a', 'b', '', 'c', ''], ['a,b', 'c'], [' a b', 'c'])")]
    [InlineData("'a\\nb\\r\\nc'.splitlines(), 'a\\n'.splitlines(true), 'abcbd'.rpartition('b'), 'abc'.partition('x')", "(['a', 'b', 'c'], ['a\\n'], ('abc', 'b', 'd'), ('abc', '', ''))")]
    [InlineData("'<|x|>'.strip('<|>'), 'xyz'.lstrip('yx'), 'a\\n'.rstrip(), 'aXb'.removeprefix('a').removesuffix('b')", "('x', 'z', 'a', 'X')")]
    [InlineData("'abc'.endswith(('x', 'c')), 'abc'.startswith('b', 1), 'abcabc'.rfind('b'), 'aaa'.count('a'), 'abc'.replace('', '-')", "(True, True, 4, 3, '-a-b-c-')")]
    [InlineData("'ab'.center(5, '*'), 'a'.rjust(3, '0'), '-5'.zfill(4), 'a\\tb'.expandtabs(4), 'aBc'.swapcase(), 'straße'.upper()", "('**ab*', '00a', '-005', 'a   b', 'AbC', 'STRASSE')")]
    [InlineData("'²'.isdigit(), '½'.isnumeric(), 'a1'.isalnum(), ''.isalpha(), 'A1'.isupper(), ' '.isspace()", "(True, True, True, False, True, True)")]
    [InlineData("'Ab Cd'.istitle(), 'ab'.istitle(), 'ABc'.istitle(), '1'.istitle(), 'a_1'.isidentifier(), '1a'.isidentifier(), ''.isidentifier()", "(True, False, False, False, True, False, False)")]
    [InlineData("{'a': 1}.get('a'), {}.get('b'), {}.get('b', 3), {'a': 1}.values()|list, [1, 1].count(1), (1, 2).index(2)", "(1, None, 3, [1], 2, 1)")]
    public void Methods_work_as_in_python(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("'%s-%d-%5.2f|%-4s|%05d|%x|%r|%%' % ('a', 3, 1.5, 'b', 42, 255, 'q')", "a-3- 1.50|b   |00042|ff|'q'|%")]
    [InlineData("'%(a)s %(b)+d' % {'a': 1, 'b': 2} ~ '%e %g' % (12345.678, 0.00001)", "1 +21.234568e+04 1e-05")]
    [InlineData("'{:>4}|{:^5}|{:05d}|{:.2f}|{:,}|{:#x}|{:%}|{!r}|{{}}'.format('a', 'c', 42, 3.14159, 1234567, 255, 0.5, 'q')", "   a|  c  |00042|3.14|1,234,567|0xff|50.000000%|'q'|{}")]
    [InlineData("'{0}{1}{0} {a.b} {c[0]} {:{}}'.format('x', 'y', a={'b': 1}, c=[5]) if false else '{:{}}|{a[b]}'.format('x', 3, a={'b': 1})", "x  |1")]
    public void Formats_lay_out_as_in_python(string expression, string expected) => Check(expression, expected);

    // Minutes, if every line measured the rest of the word.
    [Fact]
    public void A_long_word_is_wrapped_in_linear_time() => Check("('😀' * 300000)|wordwrap(1)|length", "599999");

    [Fact]
    public void A_random_item_is_one_of_the_items_and_the_same_at_the_same_time()
    {
        const string Source = "{% for i in range(50) %}{{ 'abc'|random }}{{ [1, 2]|random }}{% endfor %}{{ []|random is defined }}";
        string text = Jinja.Render(Source);
        Assert.Equal(text, Jinja.Render(Source));
        Assert.Equal("12abc", string.Concat(text[..100].Distinct().Order()));
        Assert.EndsWith("False", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Helpers_count_and_join() =>
        Assert.Equal("aba,b{'a': 1, 'b': 2}[0, 1]", Jinja.Render(
            "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner(',') %}{{ j() }}{{ j() }}b{{ dict({'a': 1}, b=2) }}{{ range(2)|list }}"));

    private static void Check(string expression, string expected) => Assert.Equal(expected, Jinja.Render("{{ " + expression + " }}"));
}
