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
