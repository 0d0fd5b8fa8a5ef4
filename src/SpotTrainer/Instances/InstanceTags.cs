using System.Globalization;
using Amazon.EC2.Model;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>
/// Reads an instance's tags. Everybody who may tag instances can write anything into them, so a value that cannot be right counts as
/// missing and is listed in <see cref="Damage"/>.
/// </summary>
internal sealed class InstanceTags(IEnumerable<Tag> tags)
{
    private readonly Dictionary<string, string> texts = tags.Where(tag => tag.Key is not null)
        .GroupBy(tag => tag.Key, StringComparer.Ordinal).ToDictionary(
            group => group.Key, group => TerminalText.Clean(group.First().Value ?? string.Empty), StringComparer.Ordinal);

    private readonly SortedSet<string> damage = new(StringComparer.Ordinal);

    /// <summary>What could not be read, such as <c>the tag spottrainer:price</c>.</summary>
    public IReadOnlyCollection<string> Damage => damage;

    /// <summary>Returns a tag's text; an empty string if there is none.</summary>
    public string Text(string name) => texts.TryGetValue(name, out var text) ? text : string.Empty;

    /// <summary>Returns a tag's number if it is from 0 to a bound; otherwise null.</summary>
    public decimal? Number(string name, decimal most) => Text(name) is not { Length: > 0 } text ? null
        : decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && Plausible.IsUpTo(number, most) ? number
        : Damaged<decimal>(name);

    /// <summary>Returns a tag's TCP port; null if there is none.</summary>
    public int? Port(string name) => (int?)Number(name, 65535);

    /// <summary>Returns a tag's time; null if there is none.</summary>
    public DateTimeOffset? Moment(string name) => Text(name) is not { Length: > 0 } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            && Plausible.IsMoment(moment) ? moment
        : Damaged<DateTimeOffset>(name);

    /// <summary>Returns a time that EC2 reports, if it is plausible.</summary>
    /// <param name="time">The time, in UTC.</param>
    /// <param name="what">What it is, for <see cref="Damage"/>.</param>
    public DateTimeOffset? Checked(DateTime? time, string what)
    {
        if (time is not { } given)
        {
            return null;
        }

        var moment = new DateTimeOffset(DateTime.SpecifyKind(given.ToUniversalTime(), DateTimeKind.Utc));
        if (Plausible.IsMoment(moment))
        {
            return moment;
        }

        damage.Add(what);
        return null;
    }

    private T? Damaged<T>(string name)
        where T : struct
    {
        damage.Add($"the tag {name}");
        return null;
    }
}
