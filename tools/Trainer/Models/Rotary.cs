namespace Tessera.Trainer.Models;

/// <summary>Rotary embedding of neighbours 2i and 2i + 1 (arXiv 2104.09864), as GGUF's llama has it.</summary>
internal sealed unsafe class Rotary
{
    private readonly float[] _cos, _sin;

    public Rotary(int length)
    {
        const int Half = Shape.HeadSize / 2;
        _cos = new float[length * Half];
        _sin = new float[length * Half];
        for (int t = 0; t < length; t++)
            for (int i = 0; i < Half; i++)
            {
                double angle = t * Math.Pow(Shape.RopeBase, -2.0 * i / Shape.HeadSize);
                _cos[t * Half + i] = (float)Math.Cos(angle);
                _sin[t * Half + i] = (float)Math.Sin(angle);
            }
    }

    /// <summary>Turns every head of every row; <paramref name="sign"/> −1 turns back.</summary>
    public void Turn(float* x, int rows, int heads, float sign)
    {
        const int Half = Shape.HeadSize / 2;
        for (int t = 0; t < rows; t++)
            for (int h = 0; h < heads; h++, x += Shape.HeadSize)
                for (int i = 0; i < Half; i++)
                {
                    float cos = _cos[t * Half + i], sin = sign * _sin[t * Half + i];
                    (x[2 * i], x[2 * i + 1]) = (x[2 * i] * cos - x[2 * i + 1] * sin, x[2 * i] * sin + x[2 * i + 1] * cos);
                }
    }
}
