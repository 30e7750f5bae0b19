using Tessera.Trainer.Data;
using Tessera.Trainer.Numerics;

namespace Tessera.Trainer.Models;

/// <summary>Cross-entropy, and the gradient of it in place of the logits.</summary>
internal static unsafe class Loss
{
    /// <summary>Against the pack's next tokens; answers the weighted sum. The gradient is of the sum times <paramref name="scale"/>.</summary>
    public static double Hard(Pack pack, NativeBuffer logits, float scale)
    {
        double sum = 0;
        for (int t = 0; t < pack.Ids.Length; t++)
        {
            float* row = logits.Data + (long)t * Shape.Vocabulary;
            float weight = pack.Weights[t];
            float target = row[pack.Targets[t]];
            if (weight == 0)
            {
                new Span<float>(row, Shape.Vocabulary).Clear();
                continue;
            }
            sum += weight * (Rows.SoftMax(row, Shape.Vocabulary, 1) - target);
            row[pack.Targets[t]] -= 1;
            Rows.Scale(weight * scale, row, Shape.Vocabulary);
        }
        return sum;
    }

    /// <summary>Against a teacher's logits.</summary>
    public static double Soft(Pack pack, NativeBuffer logits, NativeBuffer teacher, float scale)
    {
        double sum = 0;
        for (int t = 0; t < pack.Ids.Length; t++)
        {
            float* row = logits.Data + (long)t * Shape.Vocabulary, taught = teacher.Data + (long)t * Shape.Vocabulary;
            float weight = pack.Weights[t];
            if (weight == 0)
            {
                new Span<float>(row, Shape.Vocabulary).Clear();
                continue;
            }
            Rows.SoftMax(taught, Shape.Vocabulary, 1);
            float along = Rows.Dot(row, taught, Shape.Vocabulary);
            sum += weight * (Rows.SoftMax(row, Shape.Vocabulary, 1) - along);
            Rows.AddScaled(-1, taught, row, Shape.Vocabulary);
            Rows.Scale(weight * scale, row, Shape.Vocabulary);
        }
        return sum;
    }
}
