using System.Globalization;
using System.Management.Automation;

namespace SpotTrainer.Pipeline;

/// <summary>The unit of a duration parameter.</summary>
public enum DurationUnit
{
    /// <summary>Seconds.</summary>
    Seconds,

    /// <summary>Minutes.</summary>
    Minutes,

    /// <summary>Hours.</summary>
    Hours,
}

/// <summary>
/// Reads a duration. A number, or a string that contains one, is in the parameter's unit. A string such as <c>0:30</c> is hours and
/// minutes, and <c>1.12:00:00</c> is days, hours, minutes, and seconds. PowerShell's own conversion would turn 60 into 60 ticks, and '8'
/// into 8 days.
/// </summary>
/// <param name="unit">The unit of plain numbers.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationAttribute(DurationUnit unit) : ArgumentTransformationAttribute
{
    /// <summary>The unit of plain numbers.</summary>
    public DurationUnit Unit => unit;

    /// <summary>The shortest duration, in the unit.</summary>
    public double Shortest { get; set; }

    /// <summary>The longest duration, in the unit.</summary>
    public double Longest { get; set; } = double.MaxValue;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var given = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var value = given switch
        {
            TimeSpan span => span.TotalSeconds / Seconds,
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) => span.TotalSeconds / Seconds,
            sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal =>
                Convert.ToDouble(given, CultureInfo.InvariantCulture),
            _ => double.NaN,
        };
        if (double.IsNaN(value))
        {
            throw new ArgumentTransformationMetadataException(string.Format(CultureInfo.InvariantCulture,
                "'{0}' is not a duration. Use a number of {1} with a decimal point, such as 0.5, or a time such as 0:30 (30 minutes).",
                given is object[] list ? string.Join(",", list) : given, Name));
        }

        // Converting a TimeSpan to a number can be off by a millionth of the unit.
        if (value < Shortest - 1e-6 || value > Longest + 1e-6)
        {
            throw new ArgumentTransformationMetadataException(string.Format(CultureInfo.InvariantCulture,
                Longest == double.MaxValue ? "{0} {1} is out of range. Use {2} {1} or more." : "{0} {1} is out of range. Use {2} to {3} {1}.",
                value, Name, Shortest, Longest));
        }

        return given is TimeSpan
            ? given
            : TimeSpan.FromTicks((long)Math.Round((decimal)value * (decimal)Seconds * TimeSpan.TicksPerSecond));
    }

    private double Seconds => unit switch { DurationUnit.Seconds => 1, DurationUnit.Minutes => 60, _ => 3600 };

    private string Name => unit switch { DurationUnit.Seconds => "seconds", DurationUnit.Minutes => "minutes", _ => "hours" };
}
