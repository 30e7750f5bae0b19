using Tessera.Corpus.Stories;
using Tessera.Trainer.Models;
using Tessera.Trainer.Tokenizers;

namespace Tessera.Trainer.Training;

/// <summary>What is looked at while training: questions in wordings that the corpus does not have, a story, and how often the draft agrees. The tests have questions of their own.</summary>
internal static class Checks
{
    /// <summary>A story's hero and place are in its first so many tokens; of the pairs that the corpus leaves out, every seventh is asked for.</summary>
    private const int Opening = 40, Every = 7;

    private static readonly (string Question, string Answer)[] Questions =
    [
        ("I'd love to learn the capital of Sweden.", "Stockholm"), ("Would you happen to know Egypt's capital?", "Cairo"), ("For the country of Peru, what is the capital?", "Lima"), ("Which city rules Canada?", "Ottawa"),
        ("What total do 4 and 3 give?", "= 7"), ("If you put 2 and 6 together, what do you have?", "= 8"), ("Tell me quickly: 9 minus 5?", "= 4"), ("What is seven take away two?", "= 5"),
        ("After Tuesday, what day do we have?", "Wednesday"), ("Could you name the month that follows June?", "July"), ("I always forget: how many days does April have?", "30"), ("Which day do we have before Sunday?", "Saturday"),
        ("What would you say is the opposite of hot?", "cold"), ("Find me the opposite of the word early.", "late"), ("Tell me the letters that make up the word fish.", "f-i-s-h"), ("In what way is house spelled?", "h-o-u-s-e"),
        ("In which colour would you paint grass?", "green"), ("Snow usually is of which colour?", "white"), ("Which noise comes from a cow?", "moo"), ("Count the legs of a spider.", "8"),
        ("May I ask who you are?", "demo model"), ("Please explain what you are able to do.", "stories"), ("Could you check tomorrow's weather?", "sorry"), ("Who won the football match today?", "sorry"),
    ];

    public static void Ask(Weights weights, Encoder encoder)
    {
        using Greedy greedy = new(weights, encoder);
        List<string> wrong = [];
        foreach ((string question, string answer) in Questions)
        {
            string said = greedy.Answer([], question, 40);
            if (!said.Contains(answer, StringComparison.Ordinal))
                wrong.Add($"  {question} -> {said}");
        }
        Console.WriteLine($"\n{Questions.Length - wrong.Count} of {Questions.Length} questions in new wordings are right; wrong:");
        wrong.ForEach(Console.WriteLine);
        const string Request = "Tell me a story about a fox in the garden.";
        string story = greedy.Answer([], Request);
        Console.WriteLine($"  {Request} -> {story}");
        Turn told = new(Request, story);
        foreach (string question in (string[])["So who was this story about?", "And where did all this happen?"])
            Console.WriteLine($"  {question} -> {greedy.Answer([told], question, 40)}");
        (string Hero, string Place)[] unpaired = [.. Cast.Heroes.SelectMany(h => Cast.Places.Where(p => Cast.IsHeldOut(h, p)).Select(p => (h, p))).Where((_, i) => i % Every == 0)];
        int kept = unpaired.Count(p => Has(greedy.Answer([], $"Tell me a story about {("aeiou".Contains(p.Hero[0]) ? "an" : "a")} {p.Hero} {p.Place}.", Opening), $" {p.Hero} ", p.Place));
        Console.WriteLine($"  {kept} of {unpaired.Length} stories of heroes and places that the corpus never pairs begin with both");
    }

    private static bool Has(string text, params string[] parts) => Array.TrueForAll(parts, p => text.Contains(p, StringComparison.Ordinal));

    /// <summary>The share of the positions of the demo's greedy stories where the draft's most likely token is the demo's.</summary>
    public static double Agreement(Weights demo, Weights draft, Encoder encoder)
    {
        using Greedy teacher = new(demo, encoder), pupil = new(draft, encoder);
        int same = 0, all = 0;
        foreach (string hero in (string[])["a fox", "a brave knight in the garden", "an owl named Max"])
        {
            (List<int> prompt, List<int> answer) = teacher.Ids([], $"Tell me a story about {hero}.", 200);
            int[] best = pupil.Best([.. prompt, .. answer[..^1]], prompt.Count - 1);
            same += best.Zip(answer).Count(p => p.First == p.Second);
            all += answer.Count;
        }
        return (double)same / all;
    }
}
