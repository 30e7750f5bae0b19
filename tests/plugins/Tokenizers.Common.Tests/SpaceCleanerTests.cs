using System.Text;
using System.Text.RegularExpressions;
using Tessera.Tokenizers.Common.Decoding;

namespace Tessera.Tokenizers.Common.Tests;

public class SpaceCleanerTests
{
    [Fact]
    public void Byte_by_byte_gives_what_three_replacements_in_the_whole_text_give()
    {
        Random random = new(3);
        const string Alphabet = "   '''?!.,smrevltdx";
        byte[] buffer = new byte[SpaceCleaner.MaxHeld + 1];
        for (int round = 0; round < 20_000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(0, 12)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            SpaceCleaner cleaner = default;
            List<byte> found = [];
            foreach (byte value in Encoding.ASCII.GetBytes(text))
                found.AddRange(buffer.AsSpan(0, cleaner.Push(value, buffer)));
            found.AddRange(buffer.AsSpan(0, cleaner.Finish(buffer)));
            Assert.Equal(Whole(text), Encoding.ASCII.GetString([.. found]));
        }
    }

    private static string Whole(string text)
    {
        text = Regex.Replace(text, " ([?!.,])", "$1");
        text = Regex.Replace(text, " ' ", "'");
        return Regex.Replace(text, " ('(?:s|m|re|ve))", "$1");
    }
}
