using System.Runtime.InteropServices;
using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Putty;

/// <summary>Paths for PuTTY on Windows, which reads the path in a session in the system's ANSI code page.</summary>
internal static class AnsiPath
{
    /// <summary>Returns the path, or its short form (8.3) if only that is in the code page.</summary>
    /// <exception cref="SpotTrainerException"><c>PuttyPathUnsupported</c>.</exception>
    public static string Of(string path) => Of(path, GetACP(), Short);

    /// <inheritdoc cref="Of(string)"/>
    /// <param name="path">The path of an existing file.</param>
    /// <param name="codePage">The number of the code page.</param>
    /// <param name="shorten">Returns the short form of a path; the same path if it has none.</param>
    public static string Of(string path, int codePage, Func<string, string> shorten)
    {
        if (IsIn(path, codePage))
        {
            return path;
        }

        var shorter = shorten(path);
        return IsIn(shorter, codePage) ? shorter : throw new SpotTrainerException(
            "PuttyPathUnsupported", ErrorKind.InvalidArgument,
            $"PuTTY cannot open {path}: its path has characters that are not in the code page of this Windows ({codePage}).",
            "Copy the private key to a path with plain letters, and use Connect-TrainingHost -KeyPath with it.", path);
    }

    private static bool IsIn(string path, int codePage)
    {
#if NET
        // .NET has only the Unicode code pages of its own.
        var encoding = CodePagesEncodingProvider.Instance.GetEncoding(
            codePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
            ?? Encoding.GetEncoding(codePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
#else
        var encoding = Encoding.GetEncoding(codePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
#endif
        try
        {
            encoding.GetByteCount(path);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    private static string Short(string path)
    {
        var buffer = new char[short.MaxValue];
        var length = GetShortPathNameW(path, buffer, buffer.Length);
        return length > 0 && length < buffer.Length ? new string(buffer, 0, length) : path;
    }

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int GetACP();

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int GetShortPathNameW(string path, [Out] char[] buffer, int length);
}
