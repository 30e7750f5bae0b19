namespace Tessera.Speculation.Bench;

/// <summary>Texts that answers repeat.</summary>
internal static class Texts
{
    public const string EditName = "edit of a page of code", QuoteName = "summary with quotations";

    public const string EditTask = "Rename the class Basket to Cart and answer with the whole program and nothing else.";

    /// <summary>The answer is begun, as a client does that wants the program and no talk: a small model goes on with it.</summary>
    public const string EditAnswer = """
        public sealed class Cart
        {
            private readonly Dictionary<string, int> _amounts = new();
            private readonly Dictionary<string, decimal> _prices = new();

            public int Count => _amounts.Values.Sum();

            public decimal Total =>
        """;

    public const string Code = """
        public sealed class Basket
        {
            private readonly Dictionary<string, int> _amounts = new();
            private readonly Dictionary<string, decimal> _prices = new();

            public int Count => _amounts.Values.Sum();

            public decimal Total => _amounts.Sum(entry => entry.Value * _prices[entry.Key]);

            public void Add(string article, int amount, decimal price)
            {
                if (amount <= 0)
                    throw new ArgumentOutOfRangeException(nameof(amount));
                _amounts[article] = _amounts.GetValueOrDefault(article) + amount;
                _prices[article] = price;
            }

            public bool Remove(string article, int amount)
            {
                if (!_amounts.TryGetValue(article, out int there) || there < amount)
                    return false;
                if (there == amount)
                    _amounts.Remove(article);
                else
                    _amounts[article] = there - amount;
                return true;
            }

            public void Clear()
            {
                _amounts.Clear();
                _prices.Clear();
            }
        }
        """;

    public const string QuoteTask = "Summarize this report by quoting the sentences that matter most, word for word.";

    /// <summary>As <see cref="EditAnswer"/>.</summary>
    public const string QuoteAnswer = """
        The most important sentences of the report are:

        "The harbour of Lindow was built in three summers. In the first, the old quay was taken down
        """;

    public const string Report = """
        The harbour of Lindow was built in three summers. In the first, the old quay was taken down stone by stone and every stone was numbered, because the council had promised that the new quay would look like the old one.
        In the second summer the bottom was dredged to a depth of six metres, and the mud was spread on the meadows behind the station, where barley has grown ever since. In the third summer the crane came, on two barges, from the
        yard in Harl, and it was put up in a single day while half the town looked on. The crane lifts eight tonnes. It has been repaired twice, once after the storm of the fourth winter and once because nobody had greased it.
        Ships that used to sail past now call once a week, and the price of coal has fallen by a fifth. The council has decided that the harbour pays for itself, and that the next thing to be built is a bridge.
        """;

    public const string PlainTask = "Write a long story about a lighthouse keeper who finds a map.";
}
