using System.Text.Json.Nodes;
using Tessera.Engine.ChatTemplates;

namespace Tessera.Engine.Tests.ChatTemplates;

public sealed class LimitTests
{
    // No hostile template may let one thread allocate more than this, most of it garbage at once.
    private const long MaxBytes = 6L << 30;

    [Theory]
    [InlineData("{{ range(10**12) }}")]
    [InlineData("{{ 'a' * 10**9 }}")]
    [InlineData("{{ [0] * 10**10 }}")]
    [InlineData("{{ 9**(9**9) }}")]
    [InlineData("{{ 2**(10**10) }}")]
    [InlineData("{% set ns = namespace(s=2) %}{% for i in range(99) %}{% set ns.s = ns.s * ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson }}")]
    [InlineData("{% set ns = namespace(s=(1,), t=(1,)) %}{% for i in range(99) %}{% set ns.s = (ns.s, ns.s) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}{{ ns.s == ns.t }}")]
    [InlineData("{% set ns = namespace(s=(1,)) %}{% for i in range(99) %}{% set ns.s = (ns.s, ns.s) %}{% endfor %}{{ {ns.s: 1} }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(g=[1]) %}{% for i in range(99999) %}{% set ns.g = ns.g|map('string') %}{% endfor %}{{ ns.g|list }}")]
    [InlineData("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(40) }}")]
    [InlineData("{% macro a() %}{{ caller() }}{% endmacro %}{% macro b() %}{% call a() %}{{ b() }}{% endcall %}{% endmacro %}{{ b() }}")]
    [InlineData("{% block a %}{{ self.a() }}{% endblock %}")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}")]
    [InlineData("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}")]
    [InlineData("{% for i in range(99999) %}{{ 'x' * 10000 }}{% endfor %}")]
    [InlineData("{% set s = 'x' * 1000000 %}{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = ns.l + [s ~ i] %}{% endfor %}")]
    [InlineData("{{ '%1000000000d' % 1 }}")]
    [InlineData("{{ '%.1000000000f' % 1 }}")]
    [InlineData("{{ '%*d' % (10**9, 1) }}")]
    [InlineData("{{ '{:1000000000}'.format('a') }}")]
    [InlineData("{{ 'a'.center(10**9) }}{{ 'a'|center(10**9) }}")]
    [InlineData("{{ 'a'.ljust(10**18) }}")]
    [InlineData("{{ 'a'.zfill(10**30) }}")]
    [InlineData("{{ '\t'.expandtabs(10**9) }}")]
    [InlineData("{{ 'a\nb'|indent(10**9) }}")]
    [InlineData("{{ [1]|batch(10**9, 'x')|list }}")]
    [InlineData("{{ [1]|slice(10**9)|list }}")]
    [InlineData("{{ [1]|tojson(indent=10**9) }}")]
    [InlineData("{{ [[[[1, 2]]]]|tojson(indent=5000000) }}")]
    [InlineData("{{ ('a' * 1000000).replace('a', 'b' * 1000) }}")]
    [InlineData("{{ ('a' * 10000)|join('b' * 100000) }}")]
    [InlineData("{{ ('a' * 8000000 ~ 'b') in 'a' * 16000000 }}")]
    public void A_hostile_template_ends_at_a_limit(string source)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Jinja.Fails(source, ChatTemplateErrorKind.Limit);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxBytes);
    }

    // A few steps of the template, and milliseconds each: what they do to a long text is counted too.
    [Theory]
    [InlineData("{% set d = {'a': 1} %}", "d[k]")]
    [InlineData("{% set d = {'a': 1} %}", "k in d")]
    [InlineData("{% set d = {k: 1} %}{% set l = k ~ '' %}", "d[l]")]
    [InlineData("", "{k: 1}")]
    [InlineData("{% set n = namespace(a=1) %}", "n[k]")]
    [InlineData("{% set t = k ~ 'b' %}{% set u = k ~ 'c' %}", "t.startswith((u, u, u))")]
    [InlineData("{% set t = 'a ' ~ k %}", "t|truncate(9999999, leeway=0)")]
    [InlineData("", "'a'|truncate(99999999, false, k)")]
    [InlineData("{% set t = 'a.' ~ k %}", "[1]|map(attribute=t)")]
    [InlineData("{% set t = 'a,' ~ k %}", "[]|sort(attribute=t)")]
    [InlineData("", "k.isascii()")]
    [InlineData("", "k.title()")]
    [InlineData("", "k|urlize")]
    public void Work_on_long_texts_counts_as_steps(string before, string expression)
    {
        string source = "{% set k = 'k' * 10000000 %}" + before + "{% for i in range(100) %}{% set y = " + expression + " %}{% endfor %}";
        ChatTemplate template = ChatTemplate.Parse(source, new ChatTemplateLimits { MaxSteps = 5_000_000 });
        Assert.Equal(ChatTemplateErrorKind.Limit, Assert.Throws<ChatTemplateException>(() => template.Render(Jinja.Input())).Kind);
    }

    [Theory]
    [InlineData("x * x")]
    [InlineData("(x + 1) // y")]
    [InlineData("(x + 1) % y")]
    [InlineData("3 ** 10000")]
    [InlineData("x ~ ''")]
    public void Arithmetic_with_long_integers_counts_as_steps_for_each_pair_of_digits(string expression)
    {
        string source = "{% set x = 3**5000 %}{% set y = 3**2500 %}{% for i in range(200) %}{% set z = " + expression + " %}{% endfor %}";
        ChatTemplate template = ChatTemplate.Parse(source, new ChatTemplateLimits { MaxSteps = 150_000 });
        Assert.Equal(ChatTemplateErrorKind.Limit, Assert.Throws<ChatTemplateException>(() => template.Render(Jinja.Input())).Kind);
    }

    [Fact]
    public void Looking_names_up_through_many_bodies_counts_as_steps()
    {
        string source = string.Concat(Enumerable.Repeat("{% for x in [1] %}", 100)) + "{% for i in range(5000) %}{% if a %}{% endif %}{% endfor %}" + string.Concat(Enumerable.Repeat("{% endfor %}", 100));
        Assert.Equal("", ChatTemplate.Parse(source).Render(Jinja.Input()));
        ChatTemplate template = ChatTemplate.Parse(source, new ChatTemplateLimits { MaxSteps = 100_000 });
        Assert.Equal(ChatTemplateErrorKind.Limit, Assert.Throws<ChatTemplateException>(() => template.Render(Jinja.Input())).Kind);
    }

    [Fact]
    public void Looking_parameters_up_among_many_keywords_counts_as_steps()
    {
        string parameters = string.Join(", ", Enumerable.Range(0, 200).Select(i => $"p{i}"));
        string source = "{% macro m(" + parameters + ") %}{{ kwargs|length }}{% endmacro %}{% set d = dict(range(40000)|map('string')|batch(2)) %}{% for i in range(20) %}{{ m(**d) }}{% endfor %}";
        ChatTemplate template = ChatTemplate.Parse(source, new ChatTemplateLimits { MaxSteps = 2_000_000 });
        Assert.Equal(ChatTemplateErrorKind.Limit, Assert.Throws<ChatTemplateException>(() => template.Render(Jinja.Input())).Kind);
    }

    [Fact]
    public void A_name_has_a_length_that_names_have()
    {
        string name = new('n', 255);
        Assert.Equal("1", Jinja.Render("{% set " + name + " = 1 %}{{ " + name + " }}"));
        ChatTemplateException error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ " + name + "n }}"));
        Assert.Contains("a name has 256 characters", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ ", "(", "1", ")", " }}")]
    [InlineData("{{ ", "[", "", "]", " }}")]
    [InlineData("{{ ", "{1:", "1", "}", " }}")]
    [InlineData("{{ ", "not ", "1", "", " }}")]
    [InlineData("{{ ", "-", "1", "", " }}")]
    [InlineData("{{ 1", "+1", "", "", " }}")]
    [InlineData("{{ x", "|string", "", "", " }}")]
    [InlineData("{{ range", "()", "", "", " }}")]
    [InlineData("{{ ", "1 if 1 else ", "1", "", " }}")]
    [InlineData("{% filter upper", "|upper", "", "", " %}x{% endfilter %}")]
    [InlineData("{% set ", "(", "a", ")", " = 1 %}")]
    [InlineData("", "{% if 1 %}", "", "{% endif %}", "")]
    [InlineData("", "{% for i in x %}", "", "{% endfor %}", "")]
    public void Deep_nesting_in_the_source_ends_at_a_limit(string start, string open, string middle, string close, string end)
    {
        const int Depth = 20_000;
        string source = start + string.Concat(Enumerable.Repeat(open, Depth)) + middle + string.Concat(Enumerable.Repeat(close, Depth)) + end;
        Jinja.Fails(source, ChatTemplateErrorKind.Limit);
    }

    [Fact]
    public void Deep_nesting_ends_at_a_limit_also_on_a_small_stack()
    {
        ChatTemplateException? error = null;
        Thread thread = new(() => error = Jinja.Fails("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", ChatTemplateErrorKind.Limit), 256 * 1024);
        thread.Start();
        thread.Join();
        Assert.NotNull(error);
    }

    [Fact]
    public void Deeply_nested_input_ends_at_a_limit()
    {
        JsonNode node = new JsonArray();
        for (int i = 0; i < 2000; i++)
            node = new JsonArray(node);
        ChatTemplateException error = Assert.Throws<ChatTemplateException>(
            () => ChatTemplate.Parse("{{ messages }}").Render(new ChatTemplateInput { Messages = node }));
        Assert.Equal(ChatTemplateErrorKind.Limit, error.Kind);
    }

    [Fact]
    public void Each_limit_is_named_where_it_is_hit()
    {
        ChatTemplateLimits limits = new() { MaxSteps = 1000, MaxOutputChars = 100, MaxDepth = 20, MaxSourceChars = 200 };
        Check(new string('x', 201), "MaxSourceChars");
        Check("{{ " + new string('(', 50) + "1" + new string(')', 50) + " }}", "MaxDepth");
        Check("{% for i in range(2000) %}{% endfor %}", "MaxSteps");
        Check("{{ 'x' * 101 }}", "MaxOutputChars");
        Check("{% for i in range(11) %}{{ 'x' * 10 }}{% endfor %}", "MaxOutputChars");
        Assert.Equal(100, ChatTemplate.Parse("{% for i in range(10) %}{{ 'x' * 10 }}{% endfor %}", limits).Render(Jinja.Input()).Length);

        void Check(string source, string limit)
        {
            ChatTemplateException error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(source, limits).Render(Jinja.Input()));
            Assert.Equal(ChatTemplateErrorKind.Limit, error.Kind);
            Assert.Contains(limit, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_large_conversation_stays_within_the_limits()
    {
        JsonArray messages = [.. Enumerable.Range(0, 2000).Select(i => (JsonNode)new JsonObject { ["role"] = i % 2 == 0 ? "user" : "assistant", ["content"] = new string('x', 1000) + " " })];
        ChatTemplate template = ChatTemplate.Parse("{% for m in messages %}<|{{ m.role }}|>{{ m.content | trim }}{% if loop.last %}{{ m.content.split('</think>')[-1] }}{% endif %}\n{% endfor %}");
        string text = template.Render(new ChatTemplateInput { Messages = messages });
        Assert.InRange(text.Length, 2_000_000, 2_100_000);
    }
}
