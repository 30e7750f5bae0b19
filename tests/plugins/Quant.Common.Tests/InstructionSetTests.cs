namespace Tessera.Quant.Common.Tests;

public class InstructionSetTests
{
    public static TheoryData<string> Switches => [.. InstructionSets.Switches];

    [Theory, MemberData(nameof(Switches))]
    public void All_tests_pass_without_an_instruction_set(string name) =>
        InstructionSets.Rerun(typeof(InstructionSetTests).Assembly, name, typeof(InstructionSetTests));
}

public class SwitchedOffTests
{
    [Fact]
    public void A_switched_off_instruction_set_is_off() => InstructionSets.AssertSwitchedOff();
}
