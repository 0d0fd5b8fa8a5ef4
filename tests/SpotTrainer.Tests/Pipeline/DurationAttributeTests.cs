using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Tests.Pipeline;

/// <summary>A number is read in the unit of its parameter, whatever type it has.</summary>
public sealed class DurationAttributeTests
{
    private static readonly DurationAttribute Hours = new(DurationUnit.Hours) { Shortest = 0.1, Longest = 8760 };

    public static TheoryData<object, double> Given => new()
    {
        { 0.5, 30 },
        { "0.5", 30 },
        { 8.0, 480 },
        { "8.0", 480 },
        { "8", 480 },
        { 8, 480 },
        { 8L, 480 },
        { 0.5m, 30 },
        { "0:30", 30 },
        { "1:30:00", 90 },
        { "1.12:00:00", 36 * 60 },
        { TimeSpan.FromMinutes(45), 45 },
        { new PSObject("0.5"), 30 },
    };

    [Theory]
    [MemberData(nameof(Given))]
    public void A_number_is_in_the_unit_and_a_time_is_a_time(object given, double minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), Hours.Transform(null!, given));

    [Theory]
    [InlineData(DurationUnit.Seconds, 60, 1)]
    [InlineData(DurationUnit.Minutes, 60, 60)]
    [InlineData(DurationUnit.Hours, 60, 3600)]
    public void Sixty_is_never_sixty_ticks(DurationUnit unit, int given, double minutes)
    {
        Assert.Equal(TimeSpan.FromMinutes(minutes), new DurationAttribute(unit).Transform(null!, given));
        Assert.Equal(TimeSpan.FromMinutes(minutes), new DurationAttribute(unit).Transform(null!, $"{given}"));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("")]
    [InlineData("NaN")]
    [InlineData(true)]
    public void A_value_that_is_not_a_duration_is_an_error(object given) =>
        Assert.Contains(
            "is not a duration", Assert.Throws<ArgumentTransformationMetadataException>(() => Hours.Transform(null!, given)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(0.05)]
    [InlineData(-1)]
    [InlineData(8761)]
    [InlineData("366.00:00:00")]
    [InlineData("Infinity")]
    public void A_duration_out_of_range_is_an_error_with_the_range(object given)
    {
        var error = Assert.Throws<ArgumentTransformationMetadataException>(() => Hours.Transform(null!, given));
        Assert.Contains("0.1 to 8760 hours", error.Message, StringComparison.Ordinal);
    }
}
