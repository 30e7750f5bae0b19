namespace Tessera.Corpus.Stories;

/// <summary>
/// What happens, sentence by sentence, each in a few wordings. {N} is the hero's name, {K} its kind, {P} the place, {M} the friend's name, {F} the friend's kind, {T} the thing, {A} the thing with its article, {E} food;
/// {he}, {him} and {his} are the hero's.
/// </summary>
internal static class Plots
{
    public static readonly string[][][] All =
    [
        // Something is lost, and found with a friend.
        [
            ["{N} had {A} and loved it very much.", "{N} had {A}, and {he} took it everywhere."],
            ["One morning the {T} was gone.", "One day {N} could not find the {T}."],
            ["{N} looked under the bed and behind the door, but it was not there.", "{He} looked here and there, but the {T} was nowhere."],
            ["Then {he} met {M} the {F}.", "Then {M} the {F} came along."],
            ["\"I have lost my {T},\" said {N}.", "\"My {T} is gone,\" said {N} sadly."],
            ["\"Do not worry, I will help you,\" said {M}.", "\"Let us look for it together,\" said {M}."],
            ["They looked all day, and at last they found the {T} under a tree.", "They searched until evening, and there was the {T} under an old tree."],
            ["{N} was very happy and thanked {M}.", "{N} laughed and thanked {M} for the help."],
        ],
        // Something is found, and given back.
        [
            ["One day {N} went for a walk and found {A}.", "One sunny day {he} found {A} on the path."],
            ["\"Who has lost this {T}?\" {he} asked.", "\"This {T} is not mine,\" {he} thought."],
            ["{N} asked everybody, but nobody knew.", "{He} asked all the neighbours, but it was not theirs."],
            ["In the evening {he} saw {M} the {F}, who was crying.", "Then {he} heard {M} the {F}, who was very sad."],
            ["\"I cannot find my {T},\" said {M}.", "\"My {T} is lost,\" said {M}."],
            ["\"Here it is!\" said {N} and gave it back.", "\"I have found it!\" said {N} and gave the {T} to {M}."],
            ["{M} was so happy that they shared some {E}.", "{M} thanked {him} and gave {him} some {E}."],
        ],
        // A storm, and shelter.
        [
            ["One evening dark clouds came and it began to rain.", "One day a big storm came and the wind was loud."],
            ["{N} was warm at home with some {E}.", "{N} sat at home and ate {E}."],
            ["Suddenly somebody knocked on the door.", "Then there was a knock on the door."],
            ["It was {M} the {F}, cold and wet.", "There stood {M} the {F}, who was wet and cold."],
            ["\"May I come in?\" asked {M}.", "\"Please let me in,\" said {M}."],
            ["\"Of course, come in!\" said {N} and gave {M} a warm blanket.", "\"Come in quickly!\" said {N} and made a warm fire."],
            ["They ate {E} and told each other stories all night.", "They shared the {E} and sang songs until the storm was over."],
            ["In the morning {M} gave {N} {A} to say thank you.", "The next day {M} came back and gave {him} {A} as a present."],
        ],
        // A present for a friend.
        [
            ["The next day was the birthday of {M} the {F}.", "{M} the {F} was {his} best friend and had a birthday."],
            ["{N} wanted to give {M} a present.", "{N} wanted to find the best present."],
            ["But {he} had no money.", "But {he} did not have anything to give."],
            ["So {he} made {A} with {his} own hands.", "So {he} worked all night and made {A}."],
            ["\"Is it good enough?\" {he} thought.", "\"I hope it is good enough,\" {he} said."],
            ["When {M} saw the {T}, {M} jumped for joy.", "{M} opened the box, saw the {T} and smiled."],
            ["\"This is the best present of all!\" said {M}.", "\"I love it!\" said {M}."],
            ["Then they all ate {E} and danced.", "They ate {E} together and played until night."],
        ],
        // Something to learn.
        [
            ["{N} wanted to learn to play music, but it was hard.", "{N} wanted to swim across the water, but {he} was afraid."],
            ["Every day {he} tried, and every day it went wrong.", "{He} tried again and again, but it did not work."],
            ["\"I will never learn it,\" said {N}.", "\"It is too hard for me,\" said {N}."],
            ["{M} the {F} heard this and gave {him} {A}.", "Then {M} the {F} came and brought {him} {A}."],
            ["\"This {T} will bring you luck,\" said {M}.", "\"Take this {T} and try once more,\" said {M}."],
            ["{N} held the {T} and tried once more.", "{N} looked at the {T} and was brave."],
            ["This time it worked, and {he} was very proud.", "And this time {he} could do it!"],
            ["\"You did it yourself,\" said {M} and smiled.", "\"It was not the {T}, it was you,\" said {M}."],
        ],
        // Treasure.
        [
            ["One day {N} found an old map in {his} house.", "One morning the wind brought an old map to {him}."],
            ["The map showed a secret place.", "On the map there was a big cross."],
            ["{N} asked {M} the {F} to come along.", "{He} called {his} friend {M} the {F}."],
            ["They walked over hills and through tall grass.", "They walked for a long time, and {M} carried the {E}."],
            ["At the big cross they began to dig.", "Under an old tree they dug a deep hole."],
            ["In the ground there was a box, and in the box there was {A}.", "They found {A} in an old box."],
            ["\"What a treasure!\" said {M}.", "\"It is beautiful,\" said {M}."],
            ["{N} and {M} took the {T} home and ate {E}.", "They carried the {T} home together and were proud."],
        ],
    ];

    public static readonly string[] Beginnings =
    [
        "Once upon a time there was a {W} {K} named {N}.", "Once there lived a {W} {K} whose name was {N}.", "There once was a {W} {K} called {N}.",
    ];

    public static readonly string[] Homes = ["{N} lived {P}.", "{He} lived {P}."];

    public static readonly string[] Ends =
    [
        "From that day on {N} and {M} were best friends.", "And so {N} and {M} became friends for ever.", "{N} and {M} were happy, and that is the end of the story.", "That night {N} slept very well.",
    ];
}
