using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace SpotTrainer.Shell;

/// <summary>Output and prompts. Results go to standard output, everything about them to standard error.</summary>
internal sealed class ShellUserInterface : PSHostUserInterface
{
    private const string Yellow = "\e[33m";
    private const string Grey = "\e[90m";

    private readonly ShellTerminal terminal;
    private readonly LineReader reader;

    public ShellUserInterface(ShellTerminal terminal, CancellationToken stopping)
    {
        this.terminal = terminal;
        reader = new LineReader(terminal, stopping);
    }

    public override PSHostRawUserInterface RawUI { get; } = new ShellRawUserInterface();

    public override bool SupportsVirtualTerminal => terminal.OutputHasColour;

    public override void Write(string value) => terminal.Write(value);

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => terminal.Write(value);

    public override void WriteLine(string value) => terminal.Write(value + Environment.NewLine);

    public override void WriteErrorLine(string value) => terminal.WriteError(value);

    public override void WriteWarningLine(string message) => terminal.WriteNote("WARNING: " + message, Yellow);

    public override void WriteVerboseLine(string message) => terminal.WriteNote("VERBOSE: " + message, Grey);

    public override void WriteDebugLine(string message) => terminal.WriteNote("DEBUG: " + message, Grey);

    public override void WriteProgress(long sourceId, ProgressRecord record) => terminal.ShowProgress(sourceId, record);

    public override string ReadLine() => reader.Read("Give the script its input as an argument.");

    public override SecureString ReadLineAsSecureString() => Secure(reader.Read("Give the secret as a parameter.", mask: '*'));

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        var names = string.Join(", ", descriptions.Select(field => "-" + field.Name));
        LineReader.ThrowIfNoTerminal($"Give {names} on the command line.");
        Title(caption, message);
        var answers = new Dictionary<string, PSObject>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in descriptions)
        {
            answers[field.Name] = Ask(field, $"Give {names} on the command line.");
        }

        return answers;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        const string WhatFor = "Add -Confirm:$false to go ahead without being asked, or run it in a terminal.";
        LineReader.ThrowIfNoTerminal(WhatFor);
        Title(caption, message);
        var labels = choices.Select(choice => new ChoiceLabel(choice)).ToList();
        while (true)
        {
            terminal.WritePrompt(string.Join("  ", labels) + "  [?] Help"
                + (defaultChoice >= 0 ? $" (default is \"{labels[defaultChoice].Key}\"): " : ": "));
            var answer = reader.Read(WhatFor).Trim();
            if (answer.Length == 0 && defaultChoice >= 0)
            {
                return defaultChoice;
            }

            if (string.Equals(answer, "?", StringComparison.Ordinal))
            {
                labels.ForEach(label => terminal.WritePrompt($"{label.Key} - {label.Help}{Environment.NewLine}"));
                continue;
            }

            var index = labels.FindIndex(label => label.Matches(answer));
            if (index >= 0)
            {
                return index;
            }
        }
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        PromptForCredential(caption, message, userName, targetName, PSCredentialTypes.Default, PSCredentialUIOptions.Default);

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options)
    {
        const string WhatFor = "Give the credential as a parameter.";
        LineReader.ThrowIfNoTerminal(WhatFor);
        Title(caption, message);
        var name = userName;
        if (string.IsNullOrEmpty(name))
        {
            terminal.WritePrompt("User: ");
            name = reader.Read(WhatFor);
        }

        terminal.WritePrompt($"Password for user {name}: ");
        return new PSCredential(name, Secure(reader.Read(WhatFor, mask: '*')));
    }

    private static SecureString Secure(string text)
    {
        var secure = new SecureString();
        foreach (var letter in text)
        {
            secure.AppendChar(letter);
        }

        secure.MakeReadOnly();
        return secure;
    }

    private void Title(string caption, string message)
    {
        foreach (var line in new[] { caption, message }.Where(line => !string.IsNullOrEmpty(line)))
        {
            terminal.WritePrompt(line + Environment.NewLine);
        }
    }

    private PSObject Ask(FieldDescription field, string whatFor)
    {
        var type = Type.GetType(field.ParameterAssemblyFullName) ?? typeof(string);
        if (type == typeof(PSCredential))
        {
            return PSObject.AsPSObject(PromptForCredential(string.Empty, string.Empty, string.Empty, string.Empty));
        }

        if (type.IsArray)
        {
            return PSObject.AsPSObject(AskAll(field.Name, type.GetElementType()!, whatFor));
        }

        terminal.WritePrompt(field.Name + ": ");
        return type == typeof(SecureString)
            ? PSObject.AsPSObject(Secure(reader.Read(whatFor, mask: '*')))
            : PSObject.AsPSObject(LanguagePrimitives.ConvertTo(reader.Read(whatFor), type, CultureInfo.InvariantCulture));
    }

    /// <summary>One line an element; an empty one ends it.</summary>
    private Array AskAll(string name, Type element, string whatFor)
    {
        var lines = new List<object>();
        while (true)
        {
            terminal.WritePrompt(string.Format(CultureInfo.InvariantCulture, "{0}[{1}]: ", name, lines.Count));
            var line = reader.Read(whatFor);
            if (line.Length == 0)
            {
                var answers = Array.CreateInstance(element, lines.Count);
                Array.Copy(lines.ToArray(), answers, lines.Count);
                return answers;
            }

            lines.Add(LanguagePrimitives.ConvertTo(line, element, CultureInfo.InvariantCulture));
        }
    }
}
