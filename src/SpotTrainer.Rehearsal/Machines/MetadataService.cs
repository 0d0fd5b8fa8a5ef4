using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>A machine's metadata service, version 2 only: reads need a token, as on an instance with <c>HttpTokens=required</c>.</summary>
internal sealed class MetadataService
{
    private const string TtlHeader = "X-aws-ec2-metadata-token-ttl-seconds";
    private const int LongestTtl = 21600;
    private readonly ConcurrentDictionary<string, string> _contents = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTime> _tokens = new(StringComparer.Ordinal);

    /// <summary>
    /// Adds, changes or removes the content of a path under <c>/latest/</c> and under each version, such as <c>/2021-03-23/</c>. A folder
    /// that has a content of its own answers with that, not with its names.
    /// </summary>
    public void Set(string path, string? content)
    {
        var key = path.Trim('/');
        if (content is null)
        {
            _contents.TryRemove(key, out _);
        }
        else
        {
            _contents[key] = content;
        }
    }

    public LocalResponse Answer(LocalRequest request)
    {
        var path = request.Path;
        if (path is "/latest/api/token")
        {
            return string.Equals(request.Method, "PUT", StringComparison.Ordinal) ? MakeToken(request) : Error(405, "Method Not Allowed");
        }

        if (request.Method is not ("GET" or "HEAD"))
        {
            return Error(405, "Method Not Allowed");
        }

        if (!request.Headers.TryGetValue("X-aws-ec2-metadata-token", out var token)
            || !_tokens.TryGetValue(token, out var end) || end <= DateTime.UtcNow)
        {
            return Error(401, "Unauthorized");
        }

        var left = ((int)(end - DateTime.UtcNow).TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return Find(path) is { } text
            ? new LocalResponse(200, "OK", Encoding.UTF8.GetBytes(text), "text/plain", (TtlHeader, left))
            : Error(404, "Not Found");
    }

    private LocalResponse MakeToken(LocalRequest request)
    {
        if (request.Headers.ContainsKey("X-Forwarded-For"))
        {
            return Error(403, "Forbidden");
        }

        if (!request.Headers.TryGetValue(TtlHeader, out var text)
            || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ttl) || ttl is < 1 or > LongestTtl)
        {
            return Error(400, "Bad Request");
        }

        var token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(40)).Replace('+', '-').Replace('/', '_');
        foreach (var (old, _) in _tokens.Where(pair => pair.Value <= DateTime.UtcNow))
        {
            _tokens.TryRemove(old, out _);
        }

        _tokens[token] = DateTime.UtcNow.AddSeconds(ttl);
        return new LocalResponse(200, "OK", Encoding.ASCII.GetBytes(token), "text/plain", (TtlHeader, text));
    }

    private string? Find(string path)
    {
        if (path is "/" or "")
        {
            return "latest";
        }

        var parts = path.Trim('/').Split('/', 2);
        if (parts[0] is not "latest" && !DateTime.TryParseExact(
                parts[0], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            return null;
        }

        var key = parts.Length > 1 ? parts[1] : "";
        if (_contents.TryGetValue(key, out var content))
        {
            return content;
        }

        // A folder: list its names as EC2 does, with a slash after folder names (except directly under /latest).
        var prefix = key.Length == 0 ? "" : key + "/";
        var names = _contents.Keys
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => name[prefix.Length..].Split('/', 2))
            .GroupBy(rest => rest[0], StringComparer.Ordinal)
            .Select(same => same.Any(rest => rest.Length > 1) && key.Length > 0 ? same.Key + "/" : same.Key)
            .Order(StringComparer.Ordinal)
            .ToList();
        return names.Count > 0 ? string.Join('\n', names) : null;
    }

    private static LocalResponse Error(int status, string reason)
    {
        var page = $"""
            <?xml version="1.0" encoding="iso-8859-1"?>
            <!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
             "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
            <html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
             <head>
              <title>{status} - {reason}</title>
             </head>
             <body>
              <h1>{status} - {reason}</h1>
             </body>
            </html>

            """;
        return new LocalResponse(status, reason, Encoding.ASCII.GetBytes(page.ReplaceLineEndings("\n")), "text/html");
    }
}
