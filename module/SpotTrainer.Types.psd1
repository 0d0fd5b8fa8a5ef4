# SpotTrainer.psm1 imports this after the assemblies: the engine does not accept a types file twice, and its message does not help anybody.
@{
    ModuleVersion  = '1.0'
    GUID           = '8f1d2c55-6a0b-4f7e-b1c3-2f2f5a0e9d64'
    TypesToProcess = @('SpotTrainer.Types.ps1xml')
}
