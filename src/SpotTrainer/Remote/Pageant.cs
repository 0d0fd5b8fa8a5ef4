using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace SpotTrainer.Remote;

/// <summary>
/// Asks PuTTY's Pageant on Windows: the request stands in a shared memory whose name a window message tells it (windows/agent-client.c in
/// PuTTY's sources).
/// </summary>
internal static class Pageant
{
    private const int CopyData = 0x004A;
    private const int Longest = 256 * 1024;
    private const uint AbortIfHung = 2;
    private const uint Milliseconds = 60_000;
    private static readonly IntPtr Kind = new(unchecked((int)0x804e50ba));

    /// <summary>Sends a request with its length, and returns the answer without its length.</summary>
    /// <exception cref="IOException">Pageant does not run, or does not answer.</exception>
    public static byte[] Ask(byte[] request)
    {
        var window = FindWindow("Pageant", "Pageant");
        if (window == IntPtr.Zero)
        {
            throw new IOException("Pageant does not run.");
        }

        var name = string.Format(CultureInfo.InvariantCulture, "PageantRequest{0:x8}{1:N}", Environment.CurrentManagedThreadId, Guid.NewGuid());
#pragma warning disable CA1416
        using var memory = MemoryMappedFile.CreateNew(name, Longest);
#pragma warning restore CA1416
        using var view = memory.CreateViewAccessor();
        view.WriteArray(0, request, 0, request.Length);
        var text = Marshal.StringToHGlobalAnsi(name);
        try
        {
            var data = new CopyDataStruct { Kind = Kind, Size = name.Length + 1, Data = text };
            if (SendMessageTimeout(window, CopyData, IntPtr.Zero, ref data, AbortIfHung, Milliseconds, out var result) == IntPtr.Zero
                || result == IntPtr.Zero)
            {
                throw new IOException("Pageant did not answer.");
            }
        }
        finally
        {
            Marshal.FreeHGlobal(text);
        }

        var length = (view.ReadByte(0) << 24) | (view.ReadByte(1) << 16) | (view.ReadByte(2) << 8) | view.ReadByte(3);
        if (length is < 1 or > Longest - 4)
        {
            throw new IOException("Pageant's answer is too long.");
        }

        var answer = new byte[length];
        view.ReadArray(4, answer, 0, length);
        return answer;
    }

    [DllImport("user32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern IntPtr FindWindow(string className, string windowName);

    [DllImport("user32.dll", EntryPoint = "SendMessageTimeoutW", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern IntPtr SendMessageTimeout(
        IntPtr window, int message, IntPtr sender, ref CopyDataStruct data, uint flags, uint milliseconds, out IntPtr result);

    [StructLayout(LayoutKind.Sequential)]
    private struct CopyDataStruct
    {
        public IntPtr Kind;
        public int Size;
        public IntPtr Data;
    }
}
