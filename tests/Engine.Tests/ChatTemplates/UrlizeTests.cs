using Tessera.Engine.ChatTemplates;

namespace Tessera.Engine.Tests.ChatTemplates;

/// <summary>The filter urlize. Every expected text is what Jinja 3.1 gives.</summary>
public sealed class UrlizeTests
{
    [Theory]
    [InlineData("'see https://example.com/a?b=c&d and www.x.org, (http://a.b/c) x'|urlize", "see <a href=\"https://example.com/a?b=c&amp;d\" rel=\"noopener\">https://example.com/a?b=c&amp;d</a> and <a href=\"https://www.x.org\" rel=\"noopener\">www.x.org</a>, (http://a.b/c) x")]
    [InlineData("'foo.com bar.de a.info. (see foo.net) x.COM'|urlize", "<a href=\"https://foo.com\" rel=\"noopener\">foo.com</a> bar.de a.info. (see <a href=\"https://foo.net\" rel=\"noopener\">foo.net</a>) x.COM")]
    [InlineData("'http://127.0.0.1:8080/x http://[::1]/ http://[1:2:3:4:5:6:7:8] http://localhost:123456'|urlize", "<a href=\"http://127.0.0.1:8080/x\" rel=\"noopener\">http://127.0.0.1:8080/x</a> <a href=\"http://[::1]/\" rel=\"noopener\">http://[::1]/</a> <a href=\"http://[1:2:3:4:5:6:7:8]\" rel=\"noopener\">http://[1:2:3:4:5:6:7:8]</a> http://localhost:123456")]
    [InlineData("'a\\n\\thttp://a.bc\\n'|urlize", "a\n\t<a href=\"http://a.bc\" rel=\"noopener\">http://a.bc</a>\n")]
    [InlineData("'http://xn--abc.xn--p1ai/ http://a_b.c1 http://ab.c'|urlize", "<a href=\"http://xn--abc.xn--p1ai/\" rel=\"noopener\">http://xn--abc.xn--p1ai/</a> http://a_b.c1 http://ab.c")]
    [InlineData("'http://é.com/ü é.com ü@é.de'|urlize", "<a href=\"http://é.com/ü\" rel=\"noopener\">http://é.com/ü</a> é.com <a href=\"mailto:ü@é.de\">ü@é.de</a>")]
    [InlineData("'HTTP://A.BC www.com WWW.a.bc http://a..bc .com a.com.'|urlize", "<a href=\"https://HTTP://A.BC\" rel=\"noopener\">HTTP://A.BC</a> <a href=\"https://www.com\" rel=\"noopener\">www.com</a> <a href=\"https://WWW.a.bc\" rel=\"noopener\">WWW.a.bc</a> http://a..bc .com a.com.")]
    [InlineData("'http://[1:2] http://[1:2:12345] http://[a::b:c:] http://1.2.3 http://1.2.3.4.5'|urlize", "http://[1:2] <a href=\"http://[1:2:12345]\" rel=\"noopener\">http://[1:2:12345]</a> <a href=\"http://[a::b:c:]\" rel=\"noopener\">http://[a::b:c:]</a> http://1.2.3 http://1.2.3.4.5")]
    [InlineData("'http://a.bc:99 http://a.bc: http://a.bc:x http://a.bc#f http://a.bc?q'|urlize", "<a href=\"http://a.bc:99\" rel=\"noopener\">http://a.bc:99</a> http://a.bc: http://a.bc:x <a href=\"http://a.bc#f\" rel=\"noopener\">http://a.bc#f</a> <a href=\"http://a.bc?q\" rel=\"noopener\">http://a.bc?q</a>")]
    [InlineData("'x-y.com %41.net a.b.com aa.b.com'|urlize", "<a href=\"https://x-y.com\" rel=\"noopener\">x-y.com</a> <a href=\"https://%41.net\" rel=\"noopener\">%41.net</a> a.b.com aa.b.com")]
    [InlineData("'http://١٢.٣.٤.٥'|urlize", "<a href=\"http://١٢.٣.٤.٥\" rel=\"noopener\">http://١٢.٣.٤.٥</a>")]
    [InlineData("'http://[ABCD:12:1:1:1:1:1:1] http://[1:2:3:4:5:6:7:8:9] http://[1:2:123456789012345678901234]'|urlize", "<a href=\"http://[ABCD:12:1:1:1:1:1:1]\" rel=\"noopener\">http://[ABCD:12:1:1:1:1:1:1]</a> http://[1:2:3:4:5:6:7:8:9] <a href=\"http://[1:2:123456789012345678901234]\" rel=\"noopener\">http://[1:2:123456789012345678901234]</a>")]
    [InlineData("'http://[1:2:1234567890123456789012345]'|urlize", "http://[1:2:1234567890123456789012345]")]
    public void Addresses_of_the_web_become_links(string expression, string expected) => Assert.Equal(expected, Jinja.Render("{{ " + expression + " }}"));

    [Theory]
    [InlineData("'me@example.com mailto:me@x.org @a@b a@b a:b@c.de www.a@b.com'|urlize", "<a href=\"mailto:me@example.com\">me@example.com</a> <a href=\"mailto:me@x.org\">me@x.org</a> @a@b a@b a:b@c.de www.a@b.com")]
    [InlineData("'a&b@c.de \"x@y.zz\" x@y.zz,'|urlize", "<a href=\"mailto:a&amp;b@c.de\">a&amp;b@c.de</a> &#34;x@y.zz&#34; <a href=\"mailto:x@y.zz\">x@y.zz</a>,")]
    [InlineData("'mailto:a@b mailto:x:y@z.de mailto:'|urlize", "mailto:a@b <a href=\"mailto:x:y@z.de\">x:y@z.de</a> mailto:")]
    [InlineData("'foo@bar.com.au. a@-b.de a@b-.de a@b..de'|urlize", "<a href=\"mailto:foo@bar.com.au\">foo@bar.com.au</a>. a@-b.de <a href=\"mailto:a@b-.de\">a@b-.de</a> <a href=\"mailto:a@b..de\">a@b..de</a>")]
    public void Addresses_of_mail_become_links(string expression, string expected) => Assert.Equal(expected, Jinja.Render("{{ " + expression + " }}"));

    [Theory]
    [InlineData("'(see http://en.wikipedia.org/wiki/X_(y)) http://a.b/(c)).'|urlize", "(see <a href=\"http://en.wikipedia.org/wiki/X_(y)\" rel=\"noopener\">http://en.wikipedia.org/wiki/X_(y)</a>) http://a.b/(c)).")]
    [InlineData("'<http://a.bc/d> <b>'|urlize", "&lt;<a href=\"http://a.bc/d\" rel=\"noopener\">http://a.bc/d</a>&gt; &lt;b&gt;")]
    [InlineData("'http://a.bc/x?y=[1](2) ((http://a.bc/)(d)).'|urlize", "<a href=\"http://a.bc/x?y=[1](2)\" rel=\"noopener\">http://a.bc/x?y=[1](2)</a> ((<a href=\"http://a.bc/)(d\" rel=\"noopener\">http://a.bc/)(d</a>)).")]
    [InlineData("'http://example.com/,)...(a'|urlize", "<a href=\"http://example.com/,)...(a\" rel=\"noopener\">http://example.com/,)...(a</a>")]
    [InlineData("'(((http://a.bc)'|urlize", "(((<a href=\"http://a.bc\" rel=\"noopener\">http://a.bc</a>)")]
    public void Brackets_and_punctuation_around_an_address_stay_outside(string expression, string expected) => Assert.Equal(expected, Jinja.Render("{{ " + expression + " }}"));

    [Theory]
    [InlineData("'http://example.com/long/path'|urlize(10)", "<a href=\"http://example.com/long/path\" rel=\"noopener\">http://exa...</a>")]
    [InlineData("'http://example.com'|urlize(5, true, target='_blank', rel='x a')", "<a href=\"http://example.com\" rel=\"a nofollow noopener x\" target=\"_blank\">http:...</a>")]
    [InlineData("'tel:+12 ftp://x/y tel:'|urlize(extra_schemes=['tel:', 'ftp://'])", "<a href=\"tel:+12\" rel=\"noopener\">tel:+12</a> <a href=\"ftp://x/y\" rel=\"noopener\">ftp://x/y</a> tel:")]
    [InlineData("'http://a.bc'|urlize(rel='b<')", "<a href=\"http://a.bc\" rel=\"b&lt; noopener\">http://a.bc</a>")]
    [InlineData("5|urlize, none|urlize, nothing|urlize", "('5', 'None', '')")]
    [InlineData("'http://a.bc'|urlize(-3), 'http://a.bc'|urlize(0)", "('<a href=\"http://a.bc\" rel=\"noopener\">http://a...</a>', '<a href=\"http://a.bc\" rel=\"noopener\">...</a>')")]
    [InlineData("'http://a.bc'|urlize(target='\"')", "<a href=\"http://a.bc\" rel=\"noopener\" target=\"&#34;\">http://a.bc</a>")]
    [InlineData("'tel:+1 x'|urlize(extra_schemes=('tel:','tel:/'))", "<a href=\"tel:+1\" rel=\"noopener\">tel:+1</a> x")]
    public void Limits_relations_targets_and_schemes_are_heeded(string expression, string expected) => Assert.Equal(expected, Jinja.Render("{{ " + expression + " }}"));

    [Theory]
    [InlineData("'x'|urlize(extra_schemes=['x'])", "'x' is not a valid URI scheme prefix.")]
    [InlineData("'tel:+1 x'|urlize(extra_schemes='tel:')", "'t' is not a valid URI scheme prefix.")]
    public void A_scheme_that_is_none_is_refused(string expression, string message) =>
        Assert.Contains(message, Jinja.Fails("{{ " + expression + " }}", ChatTemplateErrorKind.Runtime).Message, StringComparison.Ordinal);

    // A search that looks at a place more than a few times would take minutes here.
    [Theory]
    [InlineData("'(' * n ~ 'http://a.bc' ~ ')' * n")]
    [InlineData("'http://a.bc/' ~ '(' * n ~ ')' * n")]
    [InlineData("'<' * n ~ 'http://a.bc/<' ~ '.>' * n")]
    [InlineData("'http://' ~ 'a.' * n ~ '1'")]
    [InlineData("'http://[' ~ '1:' * n ~ ']'")]
    [InlineData("'a@' * n ~ 'b'")]
    [InlineData("'a@b' ~ '.-' * n")]
    [InlineData("'http://a.bc:' ~ '1' * n")]
    public void A_hostile_word_is_read_in_linear_time(string text)
    {
        ChatTemplate template = ChatTemplate.Parse("{% set n = 200000 %}{% set t = " + text + " %}{{ (t|urlize)|length > n }}", new ChatTemplateLimits { MaxSteps = 8_000_000 });
        Assert.Equal("True", template.Render(Jinja.Input()));
    }

    [Fact]
    public void Schemes_beside_words_count_as_steps()
    {
        ChatTemplate template = ChatTemplate.Parse("{% set s = ['ab:'] * 1000 %}{{ ('x ' * 10000)|urlize(extra_schemes=s) }}", new ChatTemplateLimits { MaxSteps = 1_000_000 });
        Assert.Equal(ChatTemplateErrorKind.Limit, Assert.Throws<ChatTemplateException>(() => template.Render(Jinja.Input())).Kind);
    }

    [Fact]
    public void Links_count_as_output() =>
        Assert.Equal(ChatTemplateErrorKind.Limit, Assert.Throws<ChatTemplateException>(() =>
            ChatTemplate.Parse("{{ ('http://a.bc ' * 1000)|urlize(target='x' * 10000) }}", new ChatTemplateLimits { MaxOutputChars = 1_000_000 }).Render(Jinja.Input())).Kind);
}
