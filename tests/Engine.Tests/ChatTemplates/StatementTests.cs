using Tessera.Engine.ChatTemplates;

namespace Tessera.Engine.Tests.ChatTemplates;

public sealed class StatementTests
{
    [Theory]
    [InlineData("{% for i in 'abc' %}{{ loop.index }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ i }};{% endfor %}", "12TrueFalsea;21FalseFalseb;30FalseTruec;")]
    [InlineData("{% for i in range(9) if i is even %}{{ i }}/{{ loop.length }}{% if loop.last %}!{% endif %}{% endfor %}", "0/52/54/56/58/5!")]
    [InlineData("{% for i in [] %}x{% else %}none{% endfor %}", "none")]
    [InlineData("{% for k, (a, b) in {'x': (1, 2)}.items() %}{{ k }}{{ a }}{{ b }}{% endfor %}", "x12")]
    [InlineData("{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}", "0134")]
    [InlineData("{% for i in [1,2,3] %}{{ loop.cycle('a', 'b') }}{{ loop.previtem }}{{ loop.nextitem }} {% endfor %}", "a2 b13 a2 ")]
    [InlineData("{% for x in [1,[2,[3]]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}", "1@1(2@2(3@3))")]
    public void Loops_run_as_in_jinja(string source, string expected) => Assert.Equal(expected, Jinja.Render(source));

    [Theory]
    [InlineData("{% set x = 1 %}{% for i in [1,2] %}{{ x }}{% set x = 9 %}{{ x }}{% endfor %}{{ x }}", "19191")]
    [InlineData("{% set ns = namespace(x=1) %}{% for i in [1,2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "4")]
    [InlineData("{% if true %}{% set x = 1 %}{% endif %}{{ x }}", "1")]
    [InlineData("{% set a, b = 1, 2 %}{% set a, b = b, a %}{{ a }}{{ b }}", "21")]
    [InlineData("{% set x %}a{{ 1 }}{% endset %}{{ x }}{% set y | upper | replace('A', 'B') %}a{% endset %}{{ y }}", "a1B")]
    [InlineData("{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}", "12False")]
    [InlineData("{% generation %}g{% set q = 1 %}{% endgeneration %}{{ q is defined }}{% block b %}in{% endblock b %}", "gFalsein")]
    [InlineData("{% autoescape false %}{% set q = '<' %}{{ q }}{% endautoescape %}{{ q is defined }}", "<False")]
    [InlineData("{% filter upper | replace('A', 'x') %}a{{ 'b' }}{% endfilter %}", "xB")]
    public void Variables_live_in_their_scope(string source, string expected) => Assert.Equal(expected, Jinja.Render(source));

    [Theory]
    [InlineData("{% macro m(a, b=a, c='z') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}{{ m(1, c=3) }}{{ m() }}", "11z113z")]
    [InlineData("{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, k=3) }}", "1(2,){'k': 3}")]
    [InlineData("{% macro m() %}[{{ caller('x') }}]{% endmacro %}{% call(y) m() %}in {{ y }}{% endcall %}", "[in x]")]
    [InlineData("{% macro f(n) %}{% if n %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "321")]
    [InlineData("{% set x = 5 %}{% macro g() %}{{ x }}{% endmacro %}{% set x = 6 %}{{ g() }}{{ g.name }}", "6g")]
    [InlineData("{% set x = 5 %}{% macro m(x=x) %}[{{ x }}{{ x is defined }}]{% endmacro %}{{ m() }}{{ m(1) }}", "[False][1True]")]
    [InlineData("{% set b = 5 %}{% macro m(a=b, b=2) %}[{{ a }},{{ b }}]{% endmacro %}{{ m() }}{{ m(b=3) }}{{ m(1) }}", "[,2][3,3][1,2]")]
    public void Macros_take_arguments_as_in_jinja(string source, string expected) => Assert.Equal(expected, Jinja.Render(source));

    [Theory]
    [InlineData("{% block a %}A{{ x }}{% endblock %}-{{ self.a() }}{{ self['a']() }}{{ self.nope is defined }}{{ self is defined }}", "A-AAFalseTrue")]
    [InlineData("{% set x = 1 %}{% block a %}A{{ x }}{% endblock %}{% set x = 2 %}-{{ self.a() }}", "A1-A2")]
    [InlineData("{{ self.a()|upper }}{% if false %}{% block a %}hid{% endblock %}{% endif %}", "HID")]
    [InlineData("{% macro m() %}{{ self.a() }}{% endmacro %}{% block a %}x{% block b %}y{% endblock %}{% endblock %}{{ m() }}{{ self.b() }}", "xyxyy")]
    [InlineData("{% for i in [1, 2] %}{% block a scoped %}{{ i }}{% endblock %}{% endfor %}{{ self.a() }}", "12")]
    [InlineData("{% set self = 3 %}{{ self }}", "3")]
    public void Self_writes_a_block_once_more(string source, string expected) => Assert.Equal(expected, Jinja.Render(source));

    [Theory]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}")]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(b=1) }}")]
    [InlineData("{% macro m() %}{% endmacro %}{% call m() %}{% endcall %}")]
    [InlineData("{% set x.y = 1 %}")]
    [InlineData("{% set a, b = [1] %}")]
    [InlineData("{% for x in none %}{% endfor %}")]
    [InlineData("{% block a %}{% endblock %}{{ self.a(1) }}")]
    [InlineData("{{ self.a() }}")]
    [InlineData("{% block a %}{{ super() }}{% endblock %}")]
    public void A_statement_with_wrong_values_fails(string source) => Jinja.Fails(source, ChatTemplateErrorKind.Runtime);

    [Theory]
    [InlineData("a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  b\nc")]
    [InlineData("a {%- if true -%} b {%- endif %} c", "ab c")]
    [InlineData("  {%+ if true %}x{% endif +%}\ny", "  x\ny")]
    [InlineData("a  {#- c -#}  b {# x #}\nc", "ab c")]
    [InlineData("  {{- 'x' -}}  \n y", "xy")]
    [InlineData("{% raw %}{{ x }}{% endraw %}{% raw -%}  a  {%- endraw %}", "{{ x }}a")]
    [InlineData("a\r\nb\rc\n\n", "a\nb\nc\n")]
    [InlineData("{{ {'a': {}} }}{{ '}}' }}", "{'a': {}}}}")]
    [InlineData("{{ '\\t\\x41\\u0042\\101\\q' 'b' }}", "\tABA\\qb")]
    public void White_space_and_literals_are_cut_as_in_jinja(string source, string expected) => Assert.Equal(expected, Jinja.Render(source));

    [Theory]
    [InlineData("a\n{% if x %}", 2, "no 'endif'")]
    [InlineData("{{ x", 1, "no '}}'")]
    [InlineData("\n\n{{ }}", 3, "expected an expression")]
    [InlineData("{% foo %}", 1, "unknown tag 'foo'")]
    [InlineData("{% endif %}", 1, "unknown tag 'endif'")]
    [InlineData("{% trans %}x{% endtrans %}", 1, "'trans' needs translations")]
    [InlineData("{% do x %}", 1, "'do' is an extension")]
    [InlineData("{% debug %}", 1, "'debug' is an extension")]
    [InlineData("{% block a %}{% endblock %}\n{% block a %}{% endblock %}", 2, "'a' is there twice")]
    [InlineData("{{ 'abc }}", 1, "no closing '")]
    [InlineData("{{ (1, 2 }}", 1, "closes nothing")]
    [InlineData("{# x", 1, "no '#}'")]
    [InlineData("{% break %}", 1, "outside of a loop")]
    [InlineData("{% for i in x %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}", 1, "outside of a loop")]
    [InlineData("{% include 'x' %}", 1, "must be one file")]
    [InlineData("{% import 'x' as y %}", 1, "must be one file")]
    [InlineData("{% extends 'x' %}", 1, "must be one file")]
    [InlineData("{% autoescape true %}{% endautoescape %}", 1, "'false' only")]
    [InlineData("{{ f(a=1, 2) }}", 1, "follows a keyword")]
    [InlineData("{{ 1 is defined is defined }}", 1, "chained")]
    [InlineData("{% set none = 1 %}", 1, "cannot assign")]
    public void A_malformed_template_names_line_and_fault(string source, int line, string fault)
    {
        ChatTemplateException error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(source));
        Assert.Equal(ChatTemplateErrorKind.Syntax, error.Kind);
        Assert.Equal(line, error.Line);
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_filter_fails_only_when_it_is_reached() => Assert.Equal("ok", Jinja.Render("{% if false %}{{ 1|nope }}{% endif %}ok"));

    [Fact]
    public void Random_text_is_refused_by_name_where_it_is_asked_for()
    {
        Assert.Equal("Trueok", Jinja.Render("{{ lipsum is defined }}{% if false %}{{ lipsum() }}{% endif %}ok"));
        Assert.Contains("lipsum()", Jinja.Fails("{{ lipsum(n=2) }}", ChatTemplateErrorKind.Runtime).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_raised_exception_has_exactly_the_templates_text()
    {
        ChatTemplateException error = Jinja.Fails("\n{{ raise_exception('No ' ~ 1) }}", ChatTemplateErrorKind.Raised);
        Assert.Equal("No 1", error.Message);
        Assert.Equal(2, error.Line);
    }

    [Fact]
    public void Absent_inputs_are_defined_but_none() =>
        Assert.Equal("None None None False None None", Jinja.Render("{{ messages }} {{ tools }} {{ documents }} {{ add_generation_prompt }} {{ bos_token }} {{ eos_token }}"));

    [Fact]
    public void Variables_win_over_the_other_inputs()
    {
        ChatTemplateInput input = Jinja.Input(null, """{"bos_token": "B", "add_generation_prompt": 7}""") with { BosToken = "A", EosToken = "E" };
        Assert.Equal("B7E", ChatTemplate.Parse("{{ bos_token }}{{ add_generation_prompt }}{{ eos_token }}").Render(input));
    }

    [Fact]
    public void The_time_is_written_by_strftime() =>
        Assert.Equal("2025-06-01 01 Jun June Sun 152 PM 12 1 22", Jinja.Render("{{ strftime_now('%Y-%m-%d %d %b %B %a %j %p %I %-d %V') }}"));

    [Fact]
    public void One_template_renders_on_many_threads()
    {
        ChatTemplate template = ChatTemplate.Parse("{% set ns = namespace(t='') %}{% for i in range(n) %}{% set ns.t = ns.t ~ i %}{% endfor %}{{ ns.t }}");
        string[] texts = new string[64];
        Parallel.For(0, texts.Length, n => texts[n] = template.Render(Jinja.Input(null, $$"""{"n": {{n}}}""")));
        for (int n = 0; n < texts.Length; n++)
            Assert.Equal(string.Concat(Enumerable.Range(0, n)), texts[n]);
    }
}
