namespace SpotTrainer.Foundation;

/// <summary>The kind of an error, with the names of PowerShell's error categories.</summary>
public enum ErrorKind
{
    /// <summary>No other kind fits.</summary>
    NotSpecified,

    /// <summary>An argument is invalid.</summary>
    InvalidArgument,

    /// <summary>The content of a file is invalid.</summary>
    InvalidData,

    /// <summary>The step is not possible in the current state.</summary>
    InvalidOperation,

    /// <summary>The named object does not exist.</summary>
    ObjectNotFound,

    /// <summary>The object to create already exists.</summary>
    ResourceExists,

    /// <summary>The object is still in use.</summary>
    ResourceBusy,

    /// <summary>A quota, a limit, or the budget is too small.</summary>
    LimitsExceeded,

    /// <summary>AWS or a host does not have the resource at the moment.</summary>
    ResourceUnavailable,

    /// <summary>The network or the remote side does not respond.</summary>
    ConnectionError,

    /// <summary>The user could not be authenticated.</summary>
    AuthenticationError,

    /// <summary>The user does not have permission.</summary>
    PermissionDenied,

    /// <summary>The remote side is not the expected one.</summary>
    SecurityError,

    /// <summary>The operation took too long.</summary>
    OperationTimeout,

    /// <summary>A command or a notebook on the host failed.</summary>
    InvalidResult,

    /// <summary>The module does not support this.</summary>
    NotImplemented,

    /// <summary>A required program is not installed.</summary>
    NotInstalled,
}
