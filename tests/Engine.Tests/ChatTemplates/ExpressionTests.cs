using Tessera.Engine.ChatTemplates;

namespace Tessera.Engine.Tests.ChatTemplates;

// Every expected text is what Jinja 3.1 on Python gives.
public sealed class ExpressionTests
{
    [Theory]
    [InlineData("(1 + 2 * 3) ~ 4, 2 * 3 ~ 4", "('74', '64')")]
    [InlineData("2 ** 3 ** 2", "64")]
    [InlineData("-2 ** 2", "4")]
    [InlineData("-5 // 2, -5 % 3, 5 % -3, 7 / 2, -5.5 % 2", "(-3, 1, -1, 3.5, 0.5)")]
    [InlineData("10 ** 20 // 3, 9223372036854775807 + 1", "(33333333333333333333, 9223372036854775808)")]
    [InlineData("2 ** 63 == 2.0 ** 63, 1 == 1.0, true == 1", "(True, True, True)")]
    [InlineData("1 < 2 < 3, 1 < 3 < 2", "(True, False)")]
    [InlineData("not 'a' in 'b', 'a' not in ['b'], not true or true", "(True, True, True)")]
    [InlineData("'a' if false else 'b' if false else 'c'", "c")]
    [InlineData("'ab' * 2 ~ [0] * 2 ~ ((1,) + (2,))", "abab[0, 0](1, 2)")]
    [InlineData("'x' is string and 1 is not none", "True")]
    [InlineData("4 is divisibleby 2, 3 is in [3], 2 is gt(1)", "(True, True, True)")]
    public void Operators_bind_and_compute_as_in_python(string expression, string expected) =>
        Assert.Equal(expected, Jinja.Render("{{ " + expression + " }}"));

    [Theory]
    [InlineData("[1.0, 1e22, 1e-7, 1e16, 1e15, 0.1 + 0.2, -0.0]", "[1.0, 1e+22, 1e-07, 1e+16, 1000000000000000.0, 0.30000000000000004, -0.0]")]
    [InlineData("[none, true, 'a', \"it's\", 'q\"\\'', '\\n\\x00é']", "[None, True, 'a', \"it's\", 'q\"\\'', '\\n\\x00é']")]
    [InlineData("{'a': (1,), 2: [], none: {}}", "{'a': (1,), 2: [], None: {}}")]
    [InlineData("{1: 'a', 1.0: 'b', true: 'c'}", "{1: 'c'}")]
    [InlineData("range(2, 8, 3), range(10)[2:5]", "(range(2, 8, 3), range(2, 5))")]
    [InlineData("{'a': 1}.items(), {'a': 1}.keys()", "(dict_items([('a', 1)]), dict_keys(['a']))")]
    public void Values_print_as_python_writes_them(string expression, string expected) =>
        Assert.Equal(expected, Jinja.Render("{{ " + expression + " }}"));

    [Theory]
    [InlineData("'abcdef'[1:4], 'abcdef'[::-1], 'abcdef'[4:1:-1], 'abc'[-10:10], 'abc'[-1]", "('bcd', 'fedcba', 'edc', 'abc', 'c')")]
    [InlineData("[1, 2, 3][-2:], (1, 2, 3)[1:], [1, 2, 3][::-1]", "([2, 3], (2, 3), [3, 2, 1])")]
    [InlineData("'😀a😀b'[1], '😀a😀b'|length, '😀a😀b'[::-1], '😀a😀'.find('😀', 1)", "('a', 4, 'b😀a😀', 2)")]
    [InlineData("'abc'[5] is defined, [1].foo is defined, {}.x is defined", "(False, False, False)")]
    [InlineData("{'items': 5}.items is callable, {'items': 5}['items']", "(True, 5)")]
    public void Indexes_and_slices_count_code_points(string expression, string expected) =>
        Assert.Equal(expected, Jinja.Render("{{ " + expression + " }}"));

    [Theory]
    [InlineData("nothing", "")]
    [InlineData("nothing ~ 'x', nothing|length, nothing|list, [nothing], nothing == other", "('x', 0, [], [Undefined], True)")]
    [InlineData("none[1:] ~ '|', '%s|' % nothing, 'a' % nothing, 'a' % [1], nothing is callable, 2.0 is even, 1.0 is odd, (nothing|truncate) ~ ''", "('|', '|', 'a', 'a', True, True, True, '')")]
    [InlineData("nothing|default('d'), none|default('d'), none|default('d', true)", "('d', None, 'd')")]
    public void An_undefined_value_is_empty(string expression, string expected) =>
        Assert.Equal(expected, Jinja.Render("{{ " + expression + " }}"));

    [Theory]
    [InlineData("nothing.x", "'nothing' is undefined")]
    [InlineData("{}.x.y", "'dict object' has no attribute 'x'")]
    [InlineData("nothing + 1", "'nothing' is undefined")]
    [InlineData("'a' + 1", "can only concatenate str (not \"int\") to str")]
    [InlineData("1 in none", "argument of type 'NoneType' is not iterable")]
    [InlineData("none[1:].a", "'NoneType' object cannot be sliced")]
    [InlineData("nothing|indent", "'nothing' is undefined")]
    [InlineData("nothing|attr('x')", "'nothing' is undefined")]
    [InlineData("5|truncate", "truncate() needs a string, not 'int'")]
    [InlineData("[]|wordwrap", "wordwrap() needs a string, not 'list'")]
    [InlineData("'%d' % nothing", "Undefined")]
    [InlineData("1 // 0", "by zero")]
    [InlineData("1 < 'a'", "'<' not supported between instances of 'int' and 'str'")]
    [InlineData("[1].append(2)", "'append' of 'list' object is unsafe")]
    [InlineData("{}.update({})", "'update' of 'dict' object is unsafe")]
    [InlineData("''.__class__.mro", "'__class__'")]
    [InlineData("''.__class__", "'__class__'")]
    [InlineData("[''|attr('__class__')]|join", "'__class__'")]
    [InlineData("'{0.__class__}'.format('')", "'__class__'")]
    [InlineData("[].append", "'append' of 'list' object is unsafe")]
    [InlineData("{[1]: 2}", "unhashable type: 'list'")]
    [InlineData("1|nope", "No filter named 'nope'")]
    [InlineData("1 is nope", "No test named 'nope'")]
    [InlineData("range(3)|tojson", "Object of type range is not JSON serializable")]
    public void A_wrong_use_fails_with_line_and_reason(string expression, string reason)
    {
        ChatTemplateException error = Jinja.Fails("first line\n{{ " + expression + " }}", ChatTemplateErrorKind.Runtime);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.Line);
    }

    [Fact]
    public void Json_numbers_keep_their_form() =>
        Assert.Equal(
            "[1, 1.0, 100.0, 12345678901234567890, -0.5][1, 1.0, 100.0, 12345678901234567890, -0.5]",
            Jinja.Render("{{ v }}{{ v|tojson }}", """{"v": [1, 1.0, 1e2, 12345678901234567890, -0.5]}"""));

    [Fact]
    public void Numbers_that_a_program_put_into_the_input_keep_their_type()
    {
        ChatTemplateInput input = Jinja.Input() with { Variables = new() { ["a"] = 1, ["b"] = 1.0, ["c"] = 2.5f, ["d"] = 5_000_000_000L, ["e"] = "s", ["f"] = true } };
        Assert.Equal("1 1.0 2.5 5000000000 s True", ChatTemplate.Parse("{{ a }} {{ b }} {{ c }} {{ d }} {{ e }} {{ f }}").Render(input));
    }
}
