namespace SpotTrainer.Jupyter;

/// <summary>A kernel of a Jupyter server.</summary>
public sealed class JupyterKernel
{
    internal JupyterKernel(string id, string name, string state, DateTimeOffset? lastActivity, int connections, string notebook)
    {
        Id = id;
        Name = name;
        State = state;
        LastActivity = lastActivity;
        Connections = connections;
        Notebook = notebook;
    }

    /// <summary>Its ID.</summary>
    public string Id { get; }

    /// <summary>The name of its kind, such as <c>python3</c>.</summary>
    public string Name { get; }

    /// <summary><c>starting</c>, <c>idle</c>, <c>busy</c>, or <c>dead</c>.</summary>
    public string State { get; }

    /// <summary>When it last did something; null if that is not known.</summary>
    public DateTimeOffset? LastActivity { get; }

    /// <summary>How many windows show it.</summary>
    public int Connections { get; }

    /// <summary>The notebook that it runs, below the server's folder; an empty string if it runs none.</summary>
    public string Notebook { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{(Notebook.Length > 0 ? Notebook : Name)} ({State})";
}
