namespace SpotTrainer.Foundation;

/// <summary>What sort of thing went wrong, in words that PowerShell's error categories have too.</summary>
public enum ErrorKind
{
    /// <summary>None of the others fits.</summary>
    NotSpecified,

    /// <summary>The user gave something that can't be right.</summary>
    InvalidArgument,

    /// <summary>A file's content is not what it should be.</summary>
    InvalidData,

    /// <summary>The step can't be done in this state.</summary>
    InvalidOperation,

    /// <summary>Something that was named does not exist.</summary>
    ObjectNotFound,

    /// <summary>Something stands where a new one should go.</summary>
    ResourceExists,

    /// <summary>Something still uses it.</summary>
    ResourceBusy,

    /// <summary>There is none left to be had, or the budget does not reach.</summary>
    LimitsExceeded,

    /// <summary>AWS, or a machine, has none to give at the moment.</summary>
    ResourceUnavailable,

    /// <summary>The network or the other side does not answer.</summary>
    ConnectionError,

    /// <summary>Who the user is could not be proved.</summary>
    AuthenticationError,

    /// <summary>The user may not do this.</summary>
    PermissionDenied,

    /// <summary>The other side is not who it should be.</summary>
    SecurityError,

    /// <summary>It took longer than it may.</summary>
    OperationTimeout,

    /// <summary>A command or a notebook on the machine failed.</summary>
    InvalidResult,

    /// <summary>Something that the module does not do.</summary>
    NotImplemented,

    /// <summary>A program that is needed is not installed.</summary>
    NotInstalled,
}
