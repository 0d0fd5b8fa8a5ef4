using System.Net;

namespace SpotTrainer.Rehearsal.Protocol;

/// <summary>A request as received, with its body read.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path, still percent-encoded.</param>
/// <param name="Query">The query without its question mark, still percent-encoded.</param>
/// <param name="Headers">The headers; names are not case-sensitive.</param>
/// <param name="Body">The body.</param>
internal sealed record RawRequest(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    /// <summary>The largest EC2 calls carry user data and a few names. A larger body is not an EC2 call.</summary>
    private const int MaxBody = 1024 * 1024;

    /// <summary>Reads a request from the listener.</summary>
    public static async Task<RawRequest> ReadAsync(HttpListenerRequest request, CancellationToken cancellationToken)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in request.Headers.AllKeys)
        {
            headers[name!] = string.Join(',', request.Headers.GetValues(name) ?? []);
        }

        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.InputStream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MaxBody)
            {
                throw new AwsException("RequestEntityTooLarge", "The request is too large.", 413);
            }
        }

        var target = request.RawUrl ?? "/";
        var question = target.IndexOf('?', StringComparison.Ordinal);
        return question < 0
            ? new RawRequest(request.HttpMethod, target, string.Empty, headers, body.ToArray())
            : new RawRequest(request.HttpMethod, target[..question], target[(question + 1)..], headers, body.ToArray());
    }

    /// <summary>A header's value, or <see langword="null"/>.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
